import * as fc from "fast-check";
import { expect, test } from "vitest";
import { attainable, dueAt, dueAtLast, keptUntil, leadTime, lifeLeft } from "../../src/refresh/due.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { fixedRandom } from "../stage/fixed-random.ts";

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const obtained = fc.integer({ min: 0, max: 4_000_000_000_000 });
const lifetime = fc.integer({ min: 0, max: 10 * 365 * DAY });

test("an hour-long token is replaced ten minutes before its end, spread over six more", () => {
  const life = { obtainedAt: 0, expiresAt: HOUR };
  expect(dueAt(life, fixedRandom(0))).toBe(50 * MINUTE);
  expect(dueAt(life, fixedRandom(0.999_999_999))).toBe(44 * MINUTE);
});

test("the lead is half of a life that is shorter than twenty minutes", () => {
  expect(leadTime(15 * SECOND)).toBe(7.5 * SECOND);
  expect(leadTime(20 * MINUTE)).toBe(10 * MINUTE);
  expect(leadTime(DAY)).toBe(10 * MINUTE);
});

test("a token that a refresh would end is replaced in the first half of its last minute, or of the last half of a short life", () => {
  const life = { obtainedAt: 0, expiresAt: HOUR };
  expect(keptUntil(life)).toBe(59 * MINUTE);
  expect(dueAtLast(life, fixedRandom(0))).toBe(59 * MINUTE);
  expect(dueAtLast(life, fixedRandom(0.999_999_999))).toBe(59.5 * MINUTE - 1);
  expect(keptUntil({ obtainedAt: 0, expiresAt: 10 * SECOND })).toBe(5 * SECOND);
  expect(dueAtLast({ obtainedAt: 0, expiresAt: 10 * SECOND }, fixedRandom(0.5))).toBe(6250);
  expect(dueAtLast({ obtainedAt: 1000, expiresAt: 400 }, fixedRandom(0.5))).toBe(400);
  expect(dueAtLast({ obtainedAt: 0, expiresAt: null }, fixedRandom(0.5))).toBeNull();
});

test("what is not known to expire is never due and never runs out", () => {
  const life = { obtainedAt: 5, expiresAt: null };
  expect(dueAt(life, fixedRandom(0.5))).toBeNull();
  expect(lifeLeft(life, Number.MAX_SAFE_INTEGER)).toBe(Number.POSITIVE_INFINITY);
  expect(attainable(DAY, life)).toBe(0);
});

test("a token that was over before it was obtained is due when it ended, and has no life to promise", () => {
  const life = { obtainedAt: 1000, expiresAt: 400 };
  expect(dueAt(life, fixedRandom(0.9))).toBe(400);
  expect(attainable(MINUTE, life)).toBe(0);
});

test("a token is never due after its expiry nor before a third of its life is over", () => {
  fc.assert(
    fc.property(obtained, lifetime, unit, (obtainedAt, life, fraction) => {
      const due = dueAt({ obtainedAt, expiresAt: obtainedAt + life }, fixedRandom(fraction));
      expect(due).toBeLessThanOrEqual(obtainedAt + life);
      expect(due).toBeGreaterThanOrEqual(Math.floor(obtainedAt + life * 0.39));
      expect(due).toSatisfy(Number.isInteger);
    }),
  );
});

test("a token that is due still has at least its lead to live", () => {
  fc.assert(
    fc.property(obtained, lifetime, unit, (obtainedAt, life, fraction) => {
      const due = dueAt({ obtainedAt, expiresAt: obtainedAt + life }, fixedRandom(fraction));
      expect(obtainedAt + life - (due ?? 0)).toBeGreaterThanOrEqual(leadTime(life));
    }),
  );
});

test("a token that has just been obtained has the life that a reader is promised, whatever min_ttl is asked for", () => {
  const positive = fc.integer({ min: 1, max: 10 * 365 * DAY });
  fc.assert(
    fc.property(obtained, positive, fc.integer({ min: 0, max: DAY }), (obtainedAt, life, minTtl) => {
      const token = { obtainedAt, expiresAt: obtainedAt + life };
      expect(lifeLeft(token, obtainedAt)).toBeGreaterThan(attainable(minTtl, token));
    }),
  );
});

test("a reader who always asks for the impossible leads to a refresh once a lead time, not more often", () => {
  fc.assert(
    fc.property(obtained, fc.integer({ min: 2, max: DAY }), (obtainedAt, life) => {
      const token = { obtainedAt, expiresAt: obtainedAt + life };
      const beforeLead = obtainedAt + Math.ceil(leadTime(life)) - 1;
      expect(lifeLeft(token, beforeLead)).toBeGreaterThan(attainable(10 * 365 * DAY, token));
    }),
  );
});

test("a reader is promised what was asked for when the life allows it", () => {
  const token = { obtainedAt: 0, expiresAt: HOUR };
  expect(attainable(MINUTE, token)).toBe(MINUTE);
  expect(attainable(50 * MINUTE, token)).toBe(50 * MINUTE);
  expect(attainable(HOUR, token)).toBe(50 * MINUTE);
});
