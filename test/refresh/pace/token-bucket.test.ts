import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTokenBucket, type TokenBucket } from "../../../src/refresh/pace/token-bucket.ts";

/** A bucket of ten a second, at time 1000. */
function bucketOf(perSecond = 10): TokenBucket {
  const bucket = createTokenBucket();
  bucket.setRate(perSecond, 1_000);
  return bucket;
}

function takeAll(bucket: TokenBucket, now: number): number {
  let taken = 0;
  for (; bucket.readyAt(now) <= now; taken++) bucket.take();
  return taken;
}

describe("a token bucket", () => {
  test.each([
    [10, 5],
    [50, 25],
    [3, 1],
    [1, 1],
    [0.1, 1],
  ])("of %d a second is full with %d", (perSecond, burst) => {
    const bucket = bucketOf(perSecond);
    expect(bucket.isFull(1_000)).toBe(true);
    expect(takeAll(bucket, 1_000)).toBe(burst);
    expect(bucket.isFull(1_000)).toBe(false);
  });

  test("is full when it is told its rate late", () => {
    const bucket = createTokenBucket();
    bucket.setRate(10, 60_000);
    expect(takeAll(bucket, 60_000)).toBe(5);
  });

  test("fills at its rate, up to the burst", () => {
    const bucket = bucketOf();
    takeAll(bucket, 1_000);
    expect(bucket.readyAt(1_000)).toBe(1_100);
    expect(bucket.readyAt(1_000, 3)).toBe(1_300);
    expect(bucket.readyAt(1_050, 3)).toBe(1_300);
    expect(bucket.isFull(1_499)).toBe(false);
    expect(bucket.isFull(1_500)).toBe(true);
    expect(takeAll(bucket, 9_000)).toBe(5);
  });

  test("says when there will be more than it can hold", () => {
    expect(bucketOf().readyAt(1_000, 5)).toBe(1_000);
    expect(bucketOf().readyAt(1_000, 25)).toBe(3_000);
  });

  test("that gets nothing is never ready", () => {
    const bucket = bucketOf(0);
    bucket.take();
    expect(bucket.readyAt(9_000)).toBe(Infinity);
  });

  test("counts what flowed in before its rate changed at the old rate", () => {
    const bucket = bucketOf();
    takeAll(bucket, 1_000);
    bucket.setRate(1, 1_050);
    expect(bucket.readyAt(1_050)).toBe(1_550);
    bucket.setRate(100, 1_300);
    expect(bucket.readyAt(1_300)).toBe(1_302.5);
  });

  test("is as ready for one who looked at the clock a little earlier", () => {
    const bucket = bucketOf();
    bucket.take();
    expect(bucket.isFull(1_200)).toBe(true);
    expect(bucket.readyAt(1_199.9)).toBe(1_199.9);
  });

  test("holds no more than the burst of its rate now", () => {
    const bucket = bucketOf();
    bucket.setRate(4, 1_000);
    expect(takeAll(bucket, 1_000)).toBe(2);
  });

  test("takes back what was not used, but no more than it holds", () => {
    const bucket = bucketOf();
    takeAll(bucket, 1_000);
    bucket.giveBack();
    expect(takeAll(bucket, 1_000)).toBe(1);
    takeAll(bucket, 3_000);
    bucket.giveBack();
    bucket.giveBack();
    expect(takeAll(bucket, 9_000)).toBe(5);
    const full = bucketOf();
    full.giveBack();
    expect(takeAll(full, 1_000)).toBe(5);
  });

  test("gives nothing while it rests, then one, then its rate", () => {
    const bucket = bucketOf();
    bucket.rest(4_000);
    expect(bucket.readyAt(1_000)).toBe(4_000);
    expect(bucket.isFull(3_999)).toBe(false);
    expect(takeAll(bucket, 3_999)).toBe(0);
    expect(takeAll(bucket, 4_000)).toBe(1);
    expect(bucket.readyAt(4_000)).toBe(4_100);
  });

  test("rests to the later of two times", () => {
    const bucket = bucketOf();
    bucket.rest(4_000);
    bucket.rest(2_000);
    expect(bucket.readyAt(1_000)).toBe(4_000);
    bucket.rest(5_000);
    expect(bucket.readyAt(1_500)).toBe(5_000);
    expect(takeAll(bucket, 5_000)).toBe(1);
  });

  test("gives no more for having rested than its rate would have given", () => {
    const bucket = bucketOf(0.1);
    takeAll(bucket, 1_000);
    bucket.rest(2_000);
    expect(bucket.readyAt(2_000)).toBe(11_000);
  });

  test("gives in no stretch of time more than the burst and the rate allow", () => {
    const rate = fc.constantFrom(0.3, 1, 3, 7, 10, 33);
    const waits = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(rate, waits, (perSecond, pauses) => {
        const bucket = bucketOf(perSecond);
        const takenAt: number[] = [];
        let now = 1_000;
        for (const pause of pauses) {
          now += pause;
          for (; bucket.readyAt(now) <= now; bucket.take()) takenAt.push(now);
        }
        takenAt.forEach((from, first) => {
          takenAt.slice(first).forEach((to, more) => {
            const allowed = Math.max(1, perSecond / 2) + (perSecond * (to - from)) / 1_000;
            expect(more + 1).toBeLessThanOrEqual(allowed + 1e-6);
          });
        });
      }),
    );
  });
});
