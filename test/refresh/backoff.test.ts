import * as fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs, LONGEST_OF_LASTING } from "../../src/refresh/backoff.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { fixedRandom } from "../stage/fixed-random.ts";

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("the wait before the next attempt is at least half a second and at most five minutes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), unit, (failures, fraction) => {
      const wait = backoffMs(failures, fixedRandom(fraction));
      expect(wait).toBeGreaterThanOrEqual(SECOND / 2);
      expect(wait).toBeLessThanOrEqual(5 * MINUTE);
    }),
  );
});

test("the longest wait doubles with every failure until it reaches five minutes", () => {
  const longest = [1, 2, 3, 4, 8, 9, 30].map((failures) => backoffMs(failures, fixedRandom(0.999_999_999)));
  expect(longest).toEqual([2, 4, 8, 16, 256, 300, 300].map((seconds) => seconds * SECOND));
});

test("what does not look as if it passed is left alone for up to an hour", () => {
  const longest = [9, 12, 30].map((failures) =>
    backoffMs(failures, fixedRandom(0.999_999_999), null, LONGEST_OF_LASTING),
  );
  expect(longest).toEqual([512, 3600, 3600].map((seconds) => seconds * SECOND));
});

test("jitter spreads the waits over their whole range", () => {
  expect(backoffMs(5, fixedRandom(0))).toBe(SECOND / 2);
  expect(backoffMs(5, fixedRandom(0.5))).toBe((SECOND / 2 + 32 * SECOND) / 2);
});

test("what the server asks for is never cut short", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), unit, fc.integer({ min: 0, max: 3_600_000 }), (failures, x, asked) => {
      const wait = backoffMs(failures, fixedRandom(x), asked);
      expect(wait).toBeGreaterThanOrEqual(asked);
      expect(wait).toBe(Math.max(asked, backoffMs(failures, fixedRandom(x))));
    }),
  );
});
