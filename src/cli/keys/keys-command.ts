import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { addRotationCommands } from "./rotation-commands.ts";

const EXAMPLE = "\nExample:\n  (umask 077 && evergrant keys generate root > root.key)";

export function addKeysCommand(program: Command, deps: CommandDeps): void {
  const keys = program
    .command("keys")
    .summary("make, rotate, retire and shred keys")
    .description("Makes keys, and rotates those that everything is sealed with.")
    .addHelpText("after", EXAMPLE);
  const generate = keys
    .command("generate")
    .summary("make a new root key or admin API key")
    .description("Prints a new key to stdout, and on stderr where to put it. Nothing is stored.")
    .addHelpText("after", EXAMPLE);
  addRoot(generate, deps);
  addAdmin(generate, deps);
  addRotationCommands(keys, deps);
}

function addRoot(generate: Command, { output }: CommandDeps): void {
  generate
    .command("root")
    .summary("a root key, which seals everything else")
    .description(
      `Prints a new root key. A new database takes it as it is; one that was sealed
before needs the key that sealed it beside the new one, until keys rotate-root.`,
    )
    .addHelpText("after", EXAMPLE)
    .action(async () => {
      const { newRootKey } = await import("./new-key.ts");
      const key = newRootKey();
      output.result({ root_key: key }, () => key);
      output.remark(
        "Put it into a file that only the service can read and name that in EVERGRANT_ROOT_KEY_FILE. Keep a copy apart from the database.",
      );
    });
}

function addAdmin(generate: Command, { output }: CommandDeps): void {
  generate
    .command("admin")
    .summary("an admin API key, which may do everything")
    .description(
      `Prints a new admin API key. The service accepts it after a start with
EVERGRANT_ADMIN_KEY set to it, and from then on also without that setting.`,
    )
    .addHelpText("after", '\nExample:\n  EVERGRANT_ADMIN_KEY="$(evergrant keys generate admin)"')
    .action(async () => {
      const { newAdminKey } = await import("./new-key.ts");
      const key = newAdminKey();
      output.result({ admin_key: key }, () => key);
      output.remark("Start the service with it in EVERGRANT_ADMIN_KEY; callers send it from EVERGRANT_API_KEY.");
    });
}
