import { describe, expect, test } from "vitest";
import { createAdaptiveRate } from "../../../src/refresh/pace/adaptive-rate.ts";

describe("an adaptive rate", () => {
  test("is the limit until something speaks against it", () => {
    const rate = createAdaptiveRate();
    rate.grow(0, 0);
    expect(rate.of(10)).toBe(10);
  });

  test("halves with a request that was too many", () => {
    const rate = createAdaptiveRate();
    rate.cut(10, 0, 0);
    expect(rate.of(10)).toBe(5);
    expect(rate.of(50)).toBe(25);
  });

  test("takes the clock from any origin", () => {
    const rate = createAdaptiveRate();
    rate.cut(10, -90_000, -80_000);
    expect(rate.of(10)).toBe(5);
    rate.grow(-79_000, -75_000);
    expect(rate.of(10)).toBe(5.5);
  });

  test("is not cut again by requests that were sent before the cut could show", () => {
    const rate = createAdaptiveRate();
    rate.cut(10, 0, 500);
    rate.cut(10, 400, 600);
    rate.cut(10, 1_499, 9_000);
    expect(rate.of(10)).toBe(5);
    rate.cut(10, 1_500, 9_000);
    expect(rate.of(10)).toBe(2.5);
  });

  test.each([
    [10, 0.1],
    [50, 0.1],
    [1, 0.1],
    [0.5, 0.05],
  ])("of %d a second is never cut below %d", (limit, floor) => {
    const rate = createAdaptiveRate();
    for (let now = 0; now < 60_000; now += 1_000) rate.cut(limit, now, now);
    expect(rate.of(limit)).toBeCloseTo(floor, 9);
  });

  test("grows by a twentieth of the limit with an answer, once in five seconds", () => {
    const rate = createAdaptiveRate();
    rate.cut(10, 0, 0);
    for (let now = 1_000; now < 5_000; now += 10) rate.grow(now, now);
    expect(rate.of(10)).toBe(5);
    rate.grow(1_000, 5_000);
    expect(rate.of(10)).toBe(5.5);
    rate.grow(5_000, 9_999);
    expect(rate.of(10)).toBe(5.5);
    rate.grow(9_000, 10_000);
    expect(rate.of(10)).toBeCloseTo(6, 9);
  });

  test("is not raised by the answer to a request that was sent before the cut could show", () => {
    const rate = createAdaptiveRate();
    rate.cut(10, 0, 0);
    rate.grow(999, 20_000);
    expect(rate.of(10)).toBe(5);
  });

  test("never grows beyond the limit", () => {
    const rate = createAdaptiveRate();
    rate.cut(10, 0, 0);
    for (let now = 1_000; now < 200_000; now += 1_000) rate.grow(now, now);
    expect(rate.of(10)).toBe(10);
  });

  test("is back from the floor within four minutes at a request in ten seconds", () => {
    const rate = createAdaptiveRate();
    for (let now = 0; now < 60_000; now += 1_000) rate.cut(10, now, now);
    for (let now = 60_000; now <= 60_000 + 240_000; now += 10_000) rate.grow(now, now + 200);
    expect(rate.of(10)).toBe(10);
  });
});
