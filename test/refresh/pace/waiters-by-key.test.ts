import { expect, test } from "vitest";
import { createBreaker } from "../../../src/refresh/pace/breaker.ts";
import { createFlow } from "../../../src/refresh/pace/flow.ts";
import type { Waiter } from "../../../src/refresh/pace/waiter.ts";
import { createWaitersByKey } from "../../../src/refresh/pace/waiters-by-key.ts";
import { fixedRandom } from "../../stage/fixed-random.ts";

function waiter(key: string): Waiter {
  const breaker = createBreaker(fixedRandom(0.5));
  const lane = {
    clientId: "cli_a",
    flow: createFlow(1),
    breaker,
    underWay: 0,
    pausedUntil: 0,
    throttledInRow: 0,
    usedAt: 0,
  };
  return { key, lane, rank: 0, arrival: 0, deadline: 0, probe: null, answer: () => {}, raise: () => {} };
}

test("waiters are found by their key, all of them, until they leave", () => {
  const waiters = createWaitersByKey();
  const [a1, a2, b] = [waiter("a"), waiter("a"), waiter("b")];
  for (const one of [a1, a2, b]) waiters.add(one);
  expect([...waiters.of("a")]).toEqual([a1, a2]);
  expect([...waiters.of("b")]).toEqual([b]);
  waiters.delete(a1);
  expect([...waiters.of("a")]).toEqual([a2]);
  waiters.delete(a1);
  expect([...waiters.of("a")]).toEqual([a2]);
});

test("nothing is left of a key that nobody waits under any more", () => {
  const waiters = createWaitersByKey();
  const a = waiter("a");
  waiters.add(a);
  waiters.delete(a);
  waiters.delete(a);
  expect(waiters.of("a")).toBe(waiters.of("never"));
  expect([...waiters.of("a")]).toEqual([]);
});
