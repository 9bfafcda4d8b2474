import { readFile } from "node:fs/promises";
import { text as readStream } from "node:stream/consumers";
import type { Provider } from "../../provider/provider.ts";
import { readBuiltInProviders } from "../../service/built-in-providers.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Output } from "../terminal/output.ts";
import { table, type Cell } from "../terminal/table.ts";
import { conclude, type Conclusion } from "./conclude.ts";
import { guessProvider } from "./guess-provider.ts";
import { readPasted, type PastedAnswer } from "./pasted-answer.ts";

export interface ExplainRequest {
  /** A file, or `-` for standard input. */
  from: string;
  provider?: string | undefined;
  status?: number | undefined;
}

/** Says what the service would conclude from each answer that was pasted. Asks nobody. */
export async function explain(output: Output, request: ExplainRequest): Promise<void> {
  const providers = readBuiltInProviders();
  const named = request.provider === undefined ? null : find(providers, request.provider);
  const answers = readPasted(await pasted(request.from));
  if (answers.length === 0) {
    throw new CommandFailure({
      exit: "usage",
      code: "no_answer",
      detail: "The HAR file has no request for tokens in it.",
      next: "Record it while the token is fetched or refreshed, or paste the answer itself.",
    });
  }
  const conclusions = answers.map((answer) =>
    conclude({ ...answer, status: statusOf(answer, request.status) }, named ?? guessProvider(providers, answer.url)),
  );
  output.result(conclusions.length === 1 ? conclusions[0] : conclusions, () =>
    conclusions.map((conclusion) => table(rows(conclusion), output.paint).join("\n")).join("\n\n"),
  );
}

function find(providers: readonly Provider[], id: string): Provider {
  const provider = providers.find((one) => one.id === id);
  if (provider) return provider;
  throw new CommandFailure({
    exit: "not_found",
    code: "unknown_provider",
    detail: `There is no provider ${id} in the catalogue.`,
    next: "evergrant providers list names them; without --provider, what is true of every provider is said.",
  });
}

/** More than a token endpoint ever answers, and a HAR file may be large. */
const MOST_BYTES = 50_000_000;

async function pasted(from: string): Promise<string> {
  const text = from === "-" ? await readStream(process.stdin) : await readFile(from, "utf8").catch(unreadable);
  if (text.length <= MOST_BYTES && text.trim() !== "") return text;
  const detail = text.trim() === "" ? "There is nothing to explain." : "That is more than 50 MB.";
  throw new CommandFailure({ exit: "usage", code: "no_answer", detail, next: "Paste one answer of a token endpoint." });
}

function unreadable(error: NodeJS.ErrnoException): never {
  throw new CommandFailure({
    exit: "usage",
    code: "unreadable_file",
    detail: `The file cannot be read (${error.code ?? "unknown"}).`,
    next: "Name a file with the answer in it, or give it on standard input.",
  });
}

/** A body alone is an error if it says so, else a success. */
function statusOf({ status, body }: PastedAnswer, given: number | undefined): number {
  return given ?? status ?? (/"(error|errors|message)"\s*:/.test(body) ? 400 : 200);
}

function rows(conclusion: Conclusion): Cell[][] {
  const { cause, confidence, code, subcode, description } = conclusion;
  const facts: [string, string | null][] = [
    ["provider", conclusion.provider ?? "any (name one with --provider)"],
    ["answer", [`HTTP ${conclusion.status}`, code, subcode, description].filter((part) => part !== null).join(", ")],
    ["outcome", conclusion.outcome],
    ["cause", cause && `${cause} (${confidence})`],
    ["the provider means", conclusion.rule],
    ["who acts", conclusion.who_acts],
    ["the operator hears", conclusion.explanation],
    ["the user hears", conclusion.user_explanation],
    ["the service", conclusion.next],
    ["more", cause && `docs/causes.md#${cause}`],
  ];
  return facts
    .filter((fact): fact is [string, string] => fact[1] !== null)
    .map(([name, text]) => [{ text: name, colour: "dim" }, { text }]);
}
