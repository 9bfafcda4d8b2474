import { expect, test } from "vitest";
import { createDice } from "./dice.ts";
import { openSimulatedDatabase } from "./database.ts";
import { draw } from "./plan.ts";
import { runMany } from "./run-many.ts";
import { runSeed } from "./run.ts";
import type { Stores } from "./stores.ts";
import type { Invariant } from "./witness/verdict.ts";

const CHUNK = 25;

test.each([1, 26, 51, 76, 101, 126, 1_000_000, 1_000_025, 2_000_000])(
  "the fixed seeds from %i on, with twenty faults and more in each, break no invariant",
  { timeout: 120_000 },
  async (from) => {
    const totals = await runMany({ from, count: CHUNK, step: 1 }, () => undefined);
    expect(totals.failure?.report).toBeUndefined();
    expect(totals.seeds).toBe(CHUNK);
    expect(totals.fewestFaults).toBeGreaterThanOrEqual(20);
    expect(totals.exchanges).toBeGreaterThan(10 * CHUNK);
  },
);

/** Each found a mistake once, of the protocol or of its witness. */
const TELLING = [
  397, 490, 536, 698, 746, 834, 921, 1621, 2332, 2410, 3522, 5438, 6145, 10056, 10617, 10722, 11512, 12490, 25293,
  30329, 39472, 40555, 50092, 50149, 50960, 52906, 53764, 54909, 55152, 55819, 55934, 56152, 57647, 75687, 80338, 80728,
  86222, 91902, 95785, 1_000_502, 1_000_939, 1_001_260, 1_005_777, 1_018_518,
];

test("seeds that found a mistake once break nothing any more", { timeout: 120_000 }, async () => {
  const database = await openSimulatedDatabase();
  for (const seed of TELLING) {
    const { breach } = await runSeed(database, seed, { traced: false });
    expect([seed, breach]).toEqual([seed, null]);
  }
});

test("a seed is played the same way each time, so that a breach can be replayed", { timeout: 60_000 }, async () => {
  const database = await openSimulatedDatabase();
  const first = await runSeed(database, 7, { traced: true });
  const second = await runSeed(database, 7, { traced: true });
  expect(first.trace.lines(null).length).toBeGreaterThan(100);
  expect(second.trace.lines(null)).toEqual(first.trace.lines(null));
});

/** What the stores do wrong, and what is to be said of it in one of the first seeds. */
const SABOTAGE: readonly [string, Invariant, (stores: Stores) => Stores][] = [
  ["grants a claim while somebody else is at it", "one exchange", grantsEveryClaim],
  ["ends connections instead of braking", "brake", endsAtOnce],
];

test.each(SABOTAGE)(
  "a store that %s is noticed as a breach of %o",
  { timeout: 60_000 },
  async (_what, invariant, sabotage) => {
    const database = await openSimulatedDatabase();
    const seeds = Array.from({ length: 400 }, (_none, index) => index + 1);
    const telling = invariant === "brake" ? seeds.filter((seed) => draw(createDice(seed)).isCrowd) : seeds.slice(0, 40);
    const breaches: Invariant[] = [];
    for (const seed of telling) {
      const { breach } = await runSeed(database, seed, { traced: false, sabotage });
      if (breach) breaches.push(breach.invariant);
      if (breach?.invariant === invariant) break;
    }
    expect(breaches).toContain(invariant);
  },
);

function grantsEveryClaim(stores: Stores): Stores {
  const { connections } = stores;
  return {
    ...stores,
    connections: {
      ...connections,
      claim: async (request) => {
        const held = await connections.snapshot(request.connectionId);
        return connections.claim({ ...request, replayableMs: Infinity, gone: held?.lease.owner ?? null });
      },
    },
  };
}

function endsAtOnce(stores: Stores): Stores {
  const { connections } = stores;
  return {
    ...stores,
    connections: {
      ...connections,
      reject: async ({ claim, diagnosis, history }) => {
        const { connectionId, generation } = claim;
        const change = { connectionId, generation, status: "reauthorization_required", diagnosis, history } as const;
        return (await connections.setStatus(change)) === "changed" ? "ended" : "superseded";
      },
    },
  };
}
