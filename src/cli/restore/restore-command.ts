import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { CommandFailure } from "../command-failure.ts";

interface RestoreOptions {
  mark?: boolean;
  asClone?: boolean;
  yes?: boolean;
}

export function addRestoreCommand(program: Command, { output, environment }: CommandDeps): void {
  program
    .command("restore")
    .summary("put a backup in the place of the database")
    .description(
      `Puts a backup in the place of the SQLite database, which is kept beside it. Refuses
while the service runs, and when the root key at hand does not open the backup;
nothing is changed then. The next start brings back what the journal in the data
directory holds. Connections whose newest refresh token it cannot know are held
until you decide (evergrant connections release), so that no old token is spent.

With --as-clone, for a copy that is to run beside the original: refresh tokens that
are replaced when they are used are deleted from it, because only one of the two
can use them. With --mark, no file is put anywhere: the database of
EVERGRANT_DATABASE_URL was restored by other means, pg_restore for instance, and
gets the same mark. --mark --as-clone deletes tokens in that database for good: it
asks first on a terminal; anywhere else it needs --yes.`,
    )
    .argument("[backup]", "file that evergrant backup wrote")
    .option("--as-clone", "make a copy that can run beside the original")
    .option("--mark", "only mark the database, which was restored by other means")
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExample:\n  EVERGRANT_DATA_DIR=/var/lib/evergrant evergrant restore /backups/evergrant.db")
    .action(async (file: string | undefined, { mark = false, asClone = false, yes = false }: RestoreOptions) => {
      if ((file === undefined) !== mark) throw unclear();
      // Loaded only here: the database would make every other command slow to start.
      if (file === undefined) {
        const { markRestored } = await import("./mark-restored.ts");
        await markRestored(output, environment, { asClone, yes });
      } else {
        const { restoreFile } = await import("./restore-file.ts");
        await restoreFile(output, environment, { file, asClone });
      }
    });
}

function unclear(): CommandFailure {
  return new CommandFailure({
    exit: "usage",
    code: "usage",
    detail: "Name what to restore.",
    next: "A file is put in the place of the database; --mark marks a database that was restored by other means.",
  });
}
