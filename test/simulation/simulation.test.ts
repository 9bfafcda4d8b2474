import { expect, test } from "vitest";
import { openSimulatedDatabase } from "./database.ts";
import { runMany } from "./run-many.ts";
import { runSeed } from "./run.ts";

test(
  "a hundred fixed seeds, with twenty faults and more in each, break no invariant",
  { timeout: 120_000 },
  async () => {
    const totals = await runMany({ from: 1, count: 100, step: 1 }, () => undefined);
    expect(totals.failure?.report).toBeUndefined();
    expect(totals.seeds).toBe(100);
    expect(totals.fewestFaults).toBeGreaterThanOrEqual(20);
    expect(totals.exchanges).toBeGreaterThan(1000);
  },
);

test("a seed is played the same way each time, so that a breach can be replayed", { timeout: 60_000 }, async () => {
  const database = await openSimulatedDatabase();
  const first = await runSeed(database, 7, { traced: true });
  const second = await runSeed(database, 7, { traced: true });
  expect(first.trace.lines(null).length).toBeGreaterThan(100);
  expect(second.trace.lines(null)).toEqual(first.trace.lines(null));
});
