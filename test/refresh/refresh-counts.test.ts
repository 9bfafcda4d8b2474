import { expect, test } from "vitest";
import { createRefreshCounts, sum, type RefreshCount } from "../../src/refresh/refresh-counts.ts";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { createManualClock } from "../stage/manual-clock.ts";

const ANSWERED = { tenantId: "default", clientId: "cli_1", outcome: "succeeded", durationMs: 30 };

/** Counts over a store that can be down. */
function openStage() {
  const clock = createManualClock(100 * HOUR);
  const observer = createCollectingObserver();
  const stored: RefreshCount[] = [];
  const down = { add: false, prune: false };
  let prunings = 0;
  const counts = createRefreshCounts({
    clock,
    observer,
    counts: {
      add: async (given) => {
        await answerUnless(down.add);
        stored.push(...structuredClone(given));
      },
      prune: async () => {
        prunings++;
        await answerUnless(down.prune);
      },
    },
  });
  const answered = (fields: object = {}) => counts.observer.event("refresh.answered", { ...ANSWERED, ...fields });
  const totals = () => [MINUTE, HOUR].map((step) => sum(stored.filter((each) => each.step === step)));
  return { clock, observer, counts, stored, down, answered, totals, prunings: () => prunings };
}

async function answerUnless(isDown: boolean): Promise<void> {
  if (isDown) throw new ServiceError("store_unavailable", "The store is down.");
}

test("requests are counted by the minute and the hour in which they were answered", async () => {
  const { clock, counts, answered, stored } = openStage();
  answered();
  answered();
  await clock.advance(MINUTE);
  answered({ outcome: "lost", durationMs: 15_001 });
  answered({ outcome: "unknown" });
  counts.observer.event("request.completed", ANSWERED);
  expect(await counts.writeSome()).toBe(false);
  const of = { tenantId: "default", clientId: "cli_1" };
  expect(stored).toEqual([
    { ...of, step: MINUTE, at: 100 * HOUR, outcome: "succeeded", speed: 1, count: 2 },
    { ...of, step: HOUR, at: 100 * HOUR, outcome: "succeeded", speed: 1, count: 2 },
    { ...of, step: MINUTE, at: 100 * HOUR + MINUTE, outcome: "lost", speed: 9, count: 1 },
    { ...of, step: HOUR, at: 100 * HOUR, outcome: "lost", speed: 9, count: 1 },
  ]);
});

test("what the store does not take is kept, added to, and written once when it does", async () => {
  const { counts, down, answered, totals, observer } = openStage();
  down.add = true;
  answered();
  expect(await counts.writeSome()).toBe(false);
  answered();
  expect(await counts.writeSome()).toBe(false);
  expect(observer.of("store.failed")).toEqual([{ code: "store_unavailable" }, { code: "store_unavailable" }]);
  down.add = false;
  await counts.writeSome();
  await counts.writeSome();
  expect(totals()).toEqual([2, 2]);
});

test("what was written is not written again because what is old could not be deleted", async () => {
  const { counts, down, answered, totals, observer } = openStage();
  down.prune = true;
  answered();
  await counts.writeSome();
  await counts.writeSome();
  expect(totals()).toEqual([1, 1]);
  expect(observer.of("store.failed")).toHaveLength(1);
});

test("what is old is deleted once an hour", async () => {
  const { clock, counts, prunings } = openStage();
  for (let minute = 0; minute < 120; minute++) {
    await counts.writeSome();
    await clock.advance(MINUTE);
  }
  expect(prunings()).toBe(2);
});

test("while the store is down for long, what is remembered has a bound, and is written in pieces", async () => {
  const { counts, down, answered, stored } = openStage();
  down.add = true;
  for (let client = 0; client < 10_001; client++) answered({ clientId: `cli_${client}` });
  await counts.writeSome();
  down.add = false;
  let pieces = 1;
  while (await counts.writeSome()) pieces++;
  expect([stored.length, pieces]).toEqual([20_000, 40]);
});
