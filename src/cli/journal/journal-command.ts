import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";

const EXAMPLE = "\nExample:\n  EVERGRANT_DATA_DIR=/var/lib/evergrant evergrant journal verify";

export function addJournalCommand(program: Command, deps: CommandDeps): void {
  const journal = program
    .command("journal")
    .summary("look at the journal of received tokens")
    .description(
      `Works on the journal in the data directory, where each instance of the service
notes a received refresh token before it is stored.`,
    )
    .addHelpText("after", EXAMPLE);
  addVerify(journal, deps);
  addReplay(journal, deps);
}

function addVerify(journal: Command, { output, environment, exitWith }: CommandDeps): void {
  journal
    .command("verify")
    .summary("read all of it and say what is there and what is damaged")
    .description(
      `Reads the whole journal of every instance, and says how many entries there are,
from when, and how many are not known to be in the database. Opens no token and
changes nothing; the service may be running. Exits with 1 when something that
was written cannot be read.`,
    )
    .addHelpText("after", EXAMPLE)
    .action(async () => {
      const { verifyJournals } = await import("./verify-journals.ts");
      exitWith(await verifyJournals(output, environment));
    });
}

function addReplay(journal: Command, { output, environment }: CommandDeps): void {
  journal
    .command("replay")
    .summary("bring to the database what it lacks of the journal")
    .description(
      `Goes through the journal of every instance, and brings token sets to the
database that are newer than what it has. Each start of the service does so for
what it has not stored yet; this looks at everything, as after a database has
lost its last writes. Sends nothing to a provider; the service may be running.`,
    )
    .addHelpText("after", "\nExample:\n  EVERGRANT_DATA_DIR=/var/lib/evergrant evergrant journal replay")
    .action(async () => {
      const { replayJournalsNow } = await import("./replay-journals.ts");
      await replayJournalsNow(output, environment);
    });
}
