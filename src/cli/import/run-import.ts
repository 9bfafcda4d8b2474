import { SECOND, type Clock } from "../../runtime/clock.ts";
import { adopt, failed, preview, type Asking } from "./ask-about-row.ts";
import { inParallel } from "./in-parallel.ts";
import { isFaulty, type FaultyRow, type ImportRow, type ImportSource } from "./import-row.ts";
import { createJudge, isSound, type JudgeDeps, type Judgement, type SoundRow } from "./judge-row.ts";
import { rowKey } from "./report-file.ts";
import { isSettled, type RowResult } from "./verdict.ts";

export interface ImportRun {
  source: ImportSource;
  asking: Asking;
  judge: Omit<JudgeDeps, "untouched" | "now">;
  clock: Clock;
  /** `dry`: nothing is written, and no provider is asked. `check`: do those that were imported still have the same refresh token? */
  mode: "import" | "verify" | "dry" | "check";
  /** Only rows of these clients, as the other system calls them; empty for all. */
  only: readonly string[];
  /** Rows begun in a second at most. */
  perSecond: number;
  /** What earlier runs came to. */
  earlier: ReadonlyMap<string, RowResult>;
  /** Begins nothing more. */
  signal: AbortSignal;
}

interface NumberedRow {
  number: number;
  row: ImportRow | FaultyRow;
}

/** Rows under way at once: enough that the service is busy while this side waits. */
const WIDTH = 8;

/** The rows of the source with what becomes of each, as they are done; not those that earlier runs have settled. */
export function runImport(run: ImportRun): AsyncGenerator<RowResult> {
  const { judge, mode, source, clock } = run;
  const untouched = source.readingMayRefresh && (mode === "dry" || mode === "check");
  const look = createJudge({ ...judge, untouched, now: () => clock.now() });
  return inParallel(paced(run, wanted(run)), { width: WIDTH, signal: run.signal }, async ({ number, row }) => {
    const found = await look(row);
    const judgement =
      isSound(found) && !isFaulty(row) ? await decide(run, row, { sound: found, number }).catch(failed) : found;
    return resultOf(number, row, judgement);
  });
}

async function decide(
  run: ImportRun,
  row: ImportRow,
  { sound, number }: { sound: SoundRow; number: number },
): Promise<Judgement> {
  const { asking, mode } = run;
  if (mode === "import" || mode === "verify") return adopt(asking, row, sound, mode === "verify");
  const connection = await preview(asking, sound);
  if (mode === "check") return compared(connection, run.earlier.get(rowKey({ row: number, source_id: row.sourceId })));
  if (connection === null) return { verdict: "importable", detail: "", connection };
  return { verdict: "known", detail: "It was imported before.", connection };
}

/** The other system's refresh token is the one that was imported, or it has got another since. */
function compared(connection: string | null, earlier: RowResult | undefined): Judgement {
  if (connection !== null) return { verdict: "unchanged", detail: "", connection };
  const detail = "The other system has another refresh token than was imported: it still refreshes. Stop it there.";
  return { verdict: "changed", detail, connection: earlier?.connection ?? null };
}

function resultOf(number: number, row: ImportRow | FaultyRow, judgement: SoundRow | Judgement): RowResult {
  if (isSound(judgement)) throw new Error("A sound row is decided about.");
  const { verdict, detail, connection } = judgement;
  return { row: number, source_id: row.sourceId, verdict, connection, detail };
}

async function* wanted({ source, only, earlier, mode }: ImportRun): AsyncGenerator<NumberedRow> {
  let number = 0;
  for await (const row of source.rows()) {
    number++;
    const before = earlier.get(rowKey({ row: number, source_id: row.sourceId }));
    const isAsked = mode === "check" ? typeof before?.connection === "string" : !before || !isSettled(before);
    if (isAsked && (only.length === 0 || isOf(row, only))) yield { number, row };
  }
}

function isOf(row: ImportRow | FaultyRow, only: readonly string[]): boolean {
  return !isFaulty(row) && row.clientNames.some((name) => only.includes(name));
}

async function* paced({ clock, perSecond, signal }: ImportRun, rows: AsyncIterable<NumberedRow>) {
  for await (const row of rows) {
    const begun = clock.monotonic();
    yield row;
    const left = begun + SECOND / perSecond - clock.monotonic();
    if (left > 0 && !signal.aborted) await clock.sleep(left, signal);
  }
}
