import { expect, test } from "vitest";
import { retryIn } from "../../src/event/retry-schedule.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";

const AT_ONCE = { fraction: 0, retryAfterMs: null };

test("there are eleven attempts, over about a day", () => {
  const waits = Array.from({ length: 11 }, (_, index) => retryIn(index + 1, AT_ONCE));
  expect(waits.slice(0, 3)).toEqual([5 * SECOND, 30 * SECOND, 2 * MINUTE]);
  expect(waits.at(-1)).toBeNull();
  const all = waits.reduce<number>((sum, wait) => sum + (wait ?? 0), 0);
  expect(all).toBeGreaterThan(23 * HOUR);
  expect(all).toBeLessThan(DAY);
});

test("a fifth more comes by chance", () => {
  expect(retryIn(4, { fraction: 1, retryAfterMs: null })).toBe(12 * MINUTE);
});

test("nothing is sent before the receiver asks for it, but within a day, and a shorter wait changes nothing", () => {
  expect(retryIn(1, { fraction: 0, retryAfterMs: HOUR })).toBe(HOUR);
  expect(retryIn(1, { fraction: 0, retryAfterMs: 1000 * DAY })).toBe(DAY);
  expect(retryIn(5, { fraction: 0, retryAfterMs: SECOND })).toBe(30 * MINUTE);
  expect(retryIn(11, { fraction: 0, retryAfterMs: HOUR })).toBeNull();
});
