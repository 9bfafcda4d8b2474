import { closeSync, existsSync, fchmodSync, openSync, readFileSync, writeSync } from "node:fs";
import { z } from "zod";
import { CommandFailure } from "../command-failure.ts";
import { parseJson } from "../service/parse-json.ts";
import { VERDICTS, type RowResult } from "./verdict.ts";

const headerSchema = z.object({ source: z.string() });
const lineSchema = z.object({
  row: z.int(),
  source_id: z.string(),
  verdict: z.enum(VERDICTS),
  connection: z.string().nullable(),
  detail: z.string(),
});

/** The report of a run, which the next one goes on from: a line of JSON a row, for its owner's eyes only. */
export interface ReportFile {
  /** What runs before have written of each row, by `rowKey`; the last word counts. */
  earlier: ReadonlyMap<string, RowResult>;
  add(result: RowResult): void;
  close(): void;
}

/** Names a row among those of its source. */
export function rowKey({ row, source_id: sourceId }: Pick<RowResult, "row" | "source_id">): string {
  return `${row} ${sourceId}`;
}

/** Opens a new report, or with `resume` one that is there. Throws `CommandFailure`. */
export function openReport(path: string, { source, resume }: { source: string; resume: boolean }): ReportFile {
  const isThere = existsSync(path);
  if (isThere && !resume)
    throw unusable(`${path} exists already.`, "Go on from it with --resume, or name another with --report.");
  const earlier = isThere ? readReport(path, source) : new Map<string, RowResult>();
  const file = open(path);
  // A run that was killed may have left half a line behind.
  const write = (value: object): void => void writeSync(file, `${JSON.stringify(value)}\n`);
  if (isThere) writeSync(file, "\n");
  else write({ source });
  return { earlier, add: write, close: () => closeSync(file) };
}

/** What a report says of each row. Throws `CommandFailure` when it is none, or of another source. */
export function readReport(path: string, source: string): Map<string, RowResult> {
  const [first, ...lines] = read(path).split("\n").map(parseJson);
  const header = headerSchema.safeParse(first);
  if (!header.success) throw unusable(`${path} is not the report of an import.`, "Name another with --report.");
  if (header.data.source !== source) {
    throw unusable(`${path} is the report of an import from ${header.data.source}.`, "Name another with --report.");
  }
  const results = lines.map((line) => lineSchema.safeParse(line)).filter((line) => line.success);
  return new Map(results.map(({ data }) => [rowKey(data), data]));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw unusable(`The report ${path} cannot be read.`, "Name the report of the import with --report.");
  }
}

function open(path: string): number {
  try {
    const file = openSync(path, "a", 0o600);
    fchmodSync(file, 0o600);
    return file;
  } catch {
    throw unusable(
      `The report ${path} cannot be written.`,
      "Name a file in a folder that you may write to with --report.",
    );
  }
}

function unusable(detail: string, next: string): CommandFailure {
  return new CommandFailure({ exit: "usage", code: "usage", detail, next });
}
