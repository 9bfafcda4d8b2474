import { openSimulatedDatabase } from "./database.ts";
import { runSeed, type Run } from "./run.ts";
import { noTotals, sumOf, totalsOf, type Totals } from "./totals.ts";

export interface Seeds {
  from: number;
  count: number;
  /** Of every so many seeds, one. */
  step: number;
}

/** How many lines of a trace are short enough to read. */
const READABLE = 80;
const PROGRESS_EVERY = 2000;

/** Runs seeds until one breaks an invariant. `progress` is told the totals so far now and then. */
export async function runMany({ from, count, step }: Seeds, progress: (totals: Totals) => void): Promise<Totals> {
  const database = await openSimulatedDatabase();
  let totals = noTotals();
  let toldAt = Date.now();
  for (let seed = from; seed < from + count && !totals.failure; seed += step) {
    const run = await runSeed(database, seed, { traced: false });
    totals = sumOf([totals, totalsOf(run)]);
    if (run.breach)
      totals.failure = { seed, report: report(await runSeed(database, seed, { traced: true }), READABLE) };
    if (Date.now() - toldAt < PROGRESS_EVERY) continue;
    toldAt = Date.now();
    progress(totals);
  }
  return totals;
}

/** What led to a breach, or everything when there is none; the last `most` lines of it. */
export function report({ seed, breach, trace }: Run, most: number): string {
  const verdict = breach
    ? `Seed ${seed} breaks "${breach.invariant}": ${breach.about ?? "the run"}: ${breach.what}`
    : `Seed ${seed} breaks nothing.`;
  return [...trace.lines(breach?.about ?? null).slice(-most), verdict, ""].join("\n");
}
