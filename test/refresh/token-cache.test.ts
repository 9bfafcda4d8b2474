import { expect, test } from "vitest";
import { createTokenCache } from "../../src/refresh/token-cache.ts";
import { SECOND } from "../../src/runtime/clock.ts";
import { createManualClock } from "../stage/manual-clock.ts";

test("a value is trusted for five seconds and not a moment longer", async () => {
  const clock = createManualClock();
  const cache = createTokenCache<string>(clock, 10);
  cache.put("a", "token", cache.stamp());
  await clock.advance(5 * SECOND - 1);
  expect(cache.get("a")).toBe("token");
  await clock.advance(1);
  expect(cache.get("a")).toBeUndefined();
});

test("reading a value does not prolong its trust", async () => {
  const clock = createManualClock();
  const cache = createTokenCache<string>(clock, 10);
  cache.put("a", "token", cache.stamp());
  for (let second = 0; second < 5; second++) {
    cache.get("a");
    await clock.advance(SECOND);
  }
  expect(cache.get("a")).toBeUndefined();
});

test("a dropped value is gone at once, and only that one", () => {
  const cache = createTokenCache<string>(createManualClock(), 10);
  cache.put("a", "one", cache.stamp());
  cache.put("b", "two", cache.stamp());
  cache.drop("a");
  expect(cache.get("a")).toBeUndefined();
  expect(cache.get("b")).toBe("two");
});

test("a value that was being read while the connection changed is not kept", () => {
  const cache = createTokenCache<string>(createManualClock(), 10);
  const asOf = cache.stamp();
  cache.drop("a");
  cache.put("a", "stale", asOf);
  expect(cache.get("a")).toBeUndefined();
  cache.put("a", "fresh", cache.stamp());
  expect(cache.get("a")).toBe("fresh");
});

test("a change of another connection does not keep a value out", () => {
  const cache = createTokenCache<string>(createManualClock(), 10);
  const asOf = cache.stamp();
  cache.drop("b");
  cache.put("a", "token", asOf);
  expect(cache.get("a")).toBe("token");
});

test("a stale value is kept out even when more changes came meanwhile than the cache remembers", () => {
  const cache = createTokenCache<string>(createManualClock(), 3);
  const asOf = cache.stamp();
  for (const id of ["a", "b", "c", "d", "e"]) cache.drop(id);
  cache.put("a", "stale", asOf);
  expect(cache.get("a")).toBeUndefined();
});

test("the cache keeps no more values than it may, and lets the oldest go first", () => {
  const cache = createTokenCache<number>(createManualClock(), 3);
  for (const id of [1, 2, 3]) cache.put(`c${id}`, id, cache.stamp());
  cache.put("c1", 10, cache.stamp());
  cache.put("c4", 4, cache.stamp());
  expect(["c1", "c2", "c3", "c4"].map((id) => cache.get(id))).toEqual([10, undefined, 3, 4]);
});
