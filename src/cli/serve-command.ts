import type { Command } from "commander";
import type { CommandDeps } from "./command-deps.ts";

export function addServeCommand(program: Command, deps: CommandDeps): void {
  program
    .command("serve")
    .summary("run the service")
    .description(
      `Runs the service until SIGTERM or SIGINT, then finishes what was sent to a
provider and exits.

In an empty data directory the first start makes the database, a root key and an
admin API key, which is printed this once. Keep a copy of the root key apart
from the database: without it no stored token can be opened. Everything is set
by environment variables; see evergrant --help.`,
    )
    .addHelpText("after", "\nExample:\n  EVERGRANT_DATA_DIR=/var/lib/evergrant evergrant serve")
    .action(async () => {
      // Loaded only here: the help needs none of it.
      const { serve } = await import("./serve.ts");
      await serve(deps);
    });
}
