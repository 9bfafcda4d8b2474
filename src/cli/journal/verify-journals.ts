import { errnoOf } from "../../journal/failure.ts";
import { readJournals } from "../../journal/read-journals.ts";
import { readSettings } from "../../service/settings.ts";
import { CommandFailure } from "../command-failure.ts";
import { EXIT } from "../exit-codes.ts";
import type { Output } from "../terminal/output.ts";
import type { Paint } from "../terminal/paint.ts";
import { table, type Cell } from "../terminal/table.ts";
import { surveyOf, type Survey } from "./survey.ts";

const PROBLEMS: Readonly<Record<Survey["damage"][number]["problem"], string>> = {
  missing: "is missing",
  cut_short: "is cut short",
  damaged: "is damaged",
  not_understood: "is not understood by this version",
  unreadable: "cannot be read",
};

/** Prints what every instance's journal holds, and returns the exit code. */
export async function verifyJournals(output: Output, environment: NodeJS.ProcessEnv): Promise<number> {
  const { dataDir } = readSettings(environment);
  const journals = await surveys(dataDir);
  const ok = journals.every(({ damage }) => damage.length === 0);
  const none = `There is no journal in ${dataDir} yet.`;
  output.result({ ok, journals }, () => (journals.length === 0 ? none : text(journals, output.paint)));
  return ok ? EXIT.ok : EXIT.failed;
}

async function surveys(dataDir: string): Promise<Survey[]> {
  try {
    const found: Survey[] = [];
    for (const journal of await readJournals({ dataDir, from: "everything" })) found.push(await surveyOf(journal));
    return found;
  } catch (error) {
    const code = errnoOf(error);
    if (code === "unknown") throw error;
    throw new CommandFailure({
      exit: "failed",
      code: "journal_unreadable",
      detail: `The journal in ${dataDir} cannot be read (${code}).`,
      next: "Run this as the user that the service runs as.",
    });
  }
}

function text(journals: readonly Survey[], paint: Paint): string {
  const header = ["INSTANCE", "PROCESS", "ENTRIES", "UNSETTLED", "UNREADABLE ANSWERS", "FROM", "TO"];
  const rows = [header.map((title): Cell => ({ text: title, colour: "bold" })), ...journals.map(row)];
  return [...table(rows, paint), ...journals.flatMap((survey) => damageOf(survey, paint))].join("\n");
}

function row(survey: Survey): Cell[] {
  const { entries, unsettled, unreadable_answers: unreadable, first_received_at: from, last_received_at: to } = survey;
  const cells = [entries, unsettled, unreadable, from ?? "-", to ?? "-"];
  const process = survey.owner === "gone" ? "ended" : "may be running";
  return [survey.instance, process, ...cells.map(String)].map((cell) => ({ text: cell }));
}

function damageOf({ instance, damage }: Survey, paint: Paint): string[] {
  return damage.map(
    ({ file, offset, problem }) => `${paint("red", "✗")} ${instance}/${file} ${PROBLEMS[problem]} at byte ${offset}`,
  );
}
