import { z } from "zod";
import type { Run } from "./run.ts";

/** Sums over many runs; a schema, because they come from other threads. */
export const totalsSchema = z.object({
  seeds: z.number(),
  fewestFaults: z.number(),
  faults: z.record(z.string(), z.number()),
  steps: z.number(),
  /** Token requests. */
  exchanges: z.number(),
  /** Virtual hours. */
  hours: z.number(),
  /** The first breach, with what led to it. */
  failure: z.object({ seed: z.number(), report: z.string() }).nullable(),
});

export type Totals = z.infer<typeof totalsSchema>;

export function noTotals(): Totals {
  return {
    seeds: 0,
    fewestFaults: Number.MAX_SAFE_INTEGER,
    faults: {},
    steps: 0,
    exchanges: 0,
    hours: 0,
    failure: null,
  };
}

export function totalsOf({ faults, steps, exchanges, duration }: Run): Totals {
  const fewestFaults = [...faults.values()].reduce((sum, count) => sum + count, 0);
  const hours = duration / 3_600_000;
  return { seeds: 1, fewestFaults, faults: Object.fromEntries(faults), steps, exchanges, hours, failure: null };
}

export function sumOf(all: readonly Totals[]): Totals {
  return all.reduce(
    (sum, one) => ({
      seeds: sum.seeds + one.seeds,
      fewestFaults: Math.min(sum.fewestFaults, one.fewestFaults),
      faults: sumOfCounts(sum.faults, one.faults),
      steps: sum.steps + one.steps,
      exchanges: sum.exchanges + one.exchanges,
      hours: sum.hours + one.hours,
      failure: sum.failure ?? one.failure,
    }),
    noTotals(),
  );
}

function sumOfCounts(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sums = { ...a };
  for (const [name, count] of Object.entries(b)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
