import { expect, test } from "vitest";
import { expiryToCountOn } from "../../src/client/learned-life.ts";
import { DAY, HOUR, MINUTE } from "../../src/runtime/clock.ts";

const OBTAINED = 1000 * DAY;
const HOUR_LONG = { obtainedAt: OBTAINED, expiresAt: OBTAINED + HOUR };
const ENDLESS = { obtainedAt: OBTAINED, expiresAt: null };

function counted(tokens: typeof HOUR_LONG | typeof ENDLESS, minutes: number, daysAgo: number): number | null {
  const at = OBTAINED - daysAgo * DAY;
  const expiry = expiryToCountOn(tokens, { milliseconds: minutes * MINUTE, at }, OBTAINED);
  return expiry === null ? null : (expiry - OBTAINED) / MINUTE;
}

test("without anything learned, the promise counts", () => {
  expect(expiryToCountOn(HOUR_LONG, null, OBTAINED)).toBe(HOUR_LONG.expiresAt);
  expect(expiryToCountOn(ENDLESS, null, OBTAINED)).toBeNull();
});

test.each([
  [20, 0, 20],
  [20, 7, 40],
  [20, 14, 50],
  [20, 28, 60],
  [90, 0, 60],
])("%d minutes that were learned %d days ago make %d of a promised hour", (minutes, daysAgo, expected) => {
  expect(counted(HOUR_LONG, minutes, daysAgo)).toBe(expected);
});

test("what was learned stands in for a promise that was not given, until it is forgotten", () => {
  expect(counted(ENDLESS, 20, 0)).toBe(20);
  expect(counted(ENDLESS, 20, 27)).toBe(20);
  expect(counted(ENDLESS, 20, 28)).toBeNull();
});
