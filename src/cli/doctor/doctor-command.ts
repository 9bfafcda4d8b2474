import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";

export function addDoctorCommand(program: Command, { output, environment, exitWith }: CommandDeps): void {
  program
    .command("doctor")
    .summary("find out what is wrong here")
    .description(
      `Checks the settings, the database and its disk, the root key, the address, the
clock, and whether the providers in use can be reached. Run it where the service
runs, with the same environment; the service may be running. Nothing is made or
changed. A mark says how each is: ✓ fine, ! worth a look, ✗ wrong. Exits with 0
when nothing is wrong, else with the exit code of the first that is.`,
    )
    .addHelpText("after", "\nExample:\n  EVERGRANT_DATA_DIR=/var/lib/evergrant evergrant doctor")
    .action(async () => {
      // Loaded only here: database and network would make every other command slow to start.
      const [{ examine }, { report }] = await Promise.all([import("./examine.ts"), import("./report.ts")]);
      exitWith(report(output, await examine(environment)));
    });
}
