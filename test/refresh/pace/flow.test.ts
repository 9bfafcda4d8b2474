import { describe, expect, test } from "vitest";
import { createFlow } from "../../../src/refresh/pace/flow.ts";

describe("a flow", () => {
  test("is as fast as this instance's share of the limit", () => {
    const flow = createFlow(0.5);
    flow.setLimit(10, 0);
    expect(flow.perSecond()).toBe(5);
    flow.setShare(0.1, 0);
    expect(flow.perSecond()).toBe(1);
    flow.setLimit(50, 0);
    expect(flow.perSecond()).toBe(5);
  });

  test("is slower at once when it is cut, and faster when it grows", () => {
    const flow = createFlow(1);
    flow.setLimit(2, 0);
    flow.take();
    expect(flow.readyAt(0)).toBe(500);
    flow.cut(0, 0);
    expect(flow.perSecond()).toBe(1);
    expect(flow.readyAt(0)).toBe(1_000);
    flow.take();
    flow.grow(5_000, 5_000);
    flow.take();
    expect(flow.perSecond()).toBe(1.1);
    expect(flow.readyAt(5_000)).toBeCloseTo(5_000 + 1_000 / 1.1, 6);
  });

  test("keeps what it was cut to when limit or share change", () => {
    const flow = createFlow(1);
    flow.setLimit(10, 0);
    flow.cut(0, 0);
    flow.setLimit(20, 0);
    flow.setShare(0.5, 0);
    expect(flow.perSecond()).toBe(5);
  });

  test("is never cut below a tenth of a request a second, or of its share if that is less", () => {
    for (const [share, floor] of [
      [1, 0.1],
      [0.5, 0.1],
      [0.05, 0.05],
    ] as const) {
      const flow = createFlow(share);
      flow.setLimit(10, 0);
      for (let now = 0; now < 60_000; now += 1_000) flow.cut(now, now);
      expect(flow.perSecond()).toBeCloseTo(floor, 9);
    }
  });
});
