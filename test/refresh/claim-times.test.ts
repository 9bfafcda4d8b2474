import { expect, test } from "vitest";
import { createClaimTimes } from "../../src/refresh/claim-times.ts";
import { LEASE } from "../../src/refresh/lease-times.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import { createManualClock } from "../stage/manual-clock.ts";

function instantOf(clock: Clock) {
  return { monotonic: clock.monotonic(), wall: clock.now() };
}

test("a claim of the sweep is contested by a later one of the same connection, and by no other", async () => {
  const clock = createManualClock();
  const claims = createClaimTimes(clock);
  const swept = instantOf(clock);
  expect(claims.isSince("con_1", swept)).toBe(false);
  // Within the same millisecond nobody knows which was first.
  claims.note("con_1");
  expect(claims.isSince("con_1", swept)).toBe(true);
  expect(claims.isSince("con_2", swept)).toBe(false);
  await clock.advance(1);
  expect(claims.isSince("con_1", instantOf(clock))).toBe(false);
});

test("it is remembered for as long as the sweep's claim may be in use, and no longer", async () => {
  const clock = createManualClock();
  const claims = createClaimTimes(clock);
  const swept = instantOf(clock);
  claims.note("con_1");
  await clock.advance(LEASE);
  claims.note("con_2");
  expect(claims.isSince("con_1", swept)).toBe(true);
  await clock.advance(1);
  claims.note("con_3");
  expect(["con_1", "con_2", "con_3"].map((id) => claims.isSince(id, swept))).toEqual([false, true, true]);
});
