import { CommandFailure } from "../command-failure.ts";
import type { CommandDeps } from "../command-deps.ts";
import { EXIT } from "../exit-codes.ts";
import { createServiceClient } from "../service/service-client.ts";
import { systemClock } from "../../service/system.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";
import { createClientMap } from "./client-map.ts";
import { createPatience } from "./patience.ts";
import { openReport, readReport, type ReportFile } from "./report-file.ts";
import { runImport, type ImportRun } from "./run-import.ts";
import { SOURCES, type SourceName } from "./sources.ts";
import { isWell, VERDICTS, type RowResult, type Verdict } from "./verdict.ts";

export interface ImportOptions {
  url: string;
  client: string[];
  only: string[];
  table?: string;
  dryRun?: boolean;
  verify?: boolean;
  checkSource?: boolean;
  perSecond?: number;
  report?: string;
  resume?: boolean;
}

/** How many providers are asked a second, if nobody says. */
const VERIFIED_PER_SECOND = 5;
/** Progress is told this often. */
const TOLD = 500;

/** Imports what another system has, and returns the exit code: whether all of it is here. */
export async function importConnections(
  deps: CommandDeps,
  { name, from, options, signal }: { name: SourceName; from: string; options: ImportOptions; signal: AbortSignal },
): Promise<number> {
  const { output, environment } = deps;
  const service = createServiceClient(options.url, environment);
  const inTime = createPatience(systemClock, signal);
  const source = SOURCES[name].open({ from, table: options.table, environment, inTime });
  const clients = await createClientMap(service, options.client);
  const mode = modeOf(options);
  const perSecond = options.perSecond ?? (mode === "verify" ? VERIFIED_PER_SECOND : Number.POSITIVE_INFINITY);
  const report = reportOf(name, mode, options);
  const earlier = report?.earlier ?? new Map<string, RowResult>();
  const asking = { service, inTime };
  const run = {
    source,
    asking,
    judge: { clients },
    clock: systemClock,
    mode,
    only: options.only,
    perSecond,
    earlier,
    signal,
  };
  const counted = await tell(output, written(runImport(run), report));
  if (signal.aborted) throw interrupted(report !== null);
  return counted.every(([verdict]) => isWell({ verdict })) ? EXIT.ok : EXIT.failed;
}

function modeOf({ dryRun = false, verify = false, checkSource = false }: ImportOptions): ImportRun["mode"] {
  if (dryRun) return "dry";
  if (checkSource) return "check";
  return verify ? "verify" : "import";
}

/** Only what imports writes a report; what compares reads one. */
function reportOf(
  name: SourceName,
  mode: ImportRun["mode"],
  { report, resume = false }: ImportOptions,
): ReportFile | null {
  const path = report ?? `evergrant-import-${name}.jsonl`;
  if (mode === "check") return { earlier: readReport(path, name), add: () => undefined, close: () => undefined };
  return mode === "dry" ? null : openReport(path, { source: name, resume });
}

async function* written(results: AsyncIterable<RowResult>, report: ReportFile | null): AsyncGenerator<RowResult> {
  try {
    for await (const result of results) {
      report?.add(result);
      yield result;
    }
  } finally {
    report?.close();
  }
}

/** Prints what is not well, and how many of each there are. */
async function tell(output: Output, results: AsyncIterable<RowResult>): Promise<[Verdict, number][]> {
  const counts = new Map<Verdict, number>();
  let rows = 0;
  const counting = async function* () {
    for await (const result of results) {
      counts.set(result.verdict, (counts.get(result.verdict) ?? 0) + 1);
      yield result;
      if (++rows % TOLD === 0) output.remark(`${rows} rows: ${sentenceOf(inOrder(counts))}`);
    }
  };
  await output.results(counting(), { all: (found) => summary(found, inOrder(counts)), none: "No rows to look at." });
  return inOrder(counts);
}

function inOrder(counts: ReadonlyMap<Verdict, number>): [Verdict, number][] {
  return VERDICTS.flatMap((verdict): [Verdict, number][] => {
    const count = counts.get(verdict);
    return count === undefined ? [] : [[verdict, count]];
  });
}

function summary(found: readonly RowResult[], counts: readonly [Verdict, number][]): string {
  const troubled = found.filter((result) => !isWell(result)).toSorted((one, other) => one.row - other.row);
  const lines = troubled.map(({ row, source_id: id, verdict, detail }) => `${row}  ${id}  ${verdict}: ${detail}`);
  return [...lines, `${found.length} rows: ${sentenceOf(counts)}`].map(printable).join("\n");
}

function sentenceOf(counts: readonly [Verdict, number][]): string {
  return counts.map(([verdict, count]) => `${count} ${verdict}`).join(", ");
}

function interrupted(resumable: boolean): CommandFailure {
  return new CommandFailure({
    exit: "failed",
    code: "interrupted",
    detail: "Interrupted. What was begun is finished, and nothing more was.",
    next: resumable ? "Go on with --resume." : undefined,
  });
}
