import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";

export function addBackupCommand(program: Command, { output, environment }: CommandDeps): void {
  program
    .command("backup")
    .summary("copy the database while the service runs")
    .description(
      `Writes a consistent copy of the SQLite database to a new file, which only its owner
can read, and checks it. Run it with the service's environment; the service may be
running. The copy never holds the root key, without which nothing in it can be
opened: keep that apart from it. PostgreSQL has tools of its own for this; see
docs/backup.md.`,
    )
    .argument("<file>", "where to write it; there must be no such file")
    .addHelpText(
      "after",
      "\nExample:\n  EVERGRANT_DATA_DIR=/var/lib/evergrant evergrant backup /backups/evergrant-$(date +%F).db",
    )
    .action(async (file: string) => {
      const { backup } = await import("./backup.ts");
      await backup(output, environment, file);
    });
}
