import { describe, expect, test } from "vitest";
import { createQuotas } from "../../src/access/quotas.ts";
import { createManualClock } from "../stage/manual-clock.ts";

const QUOTA = { perSecond: 10, burst: 20 };

function setUp(most = 100) {
  const clock = createManualClock();
  const quotas = createQuotas(clock, most);
  /** How many of `tries` are taken at this moment. */
  const taken = (holder: string, tries: number) =>
    Array.from({ length: tries }, () => quotas.take(holder, QUOTA)).filter((wait) => wait === 0).length;
  return { clock, quotas, taken };
}

describe("a quota", () => {
  test("gives its burst at once, and then as many as come back", async () => {
    const { clock, taken } = setUp();
    expect(taken("a", 50)).toBe(20);
    await clock.advance(500);
    expect(taken("a", 50)).toBe(5);
    await clock.advance(3_600_000);
    expect(taken("a", 50)).toBe(20);
  });

  test("says when there is one again, and is right", async () => {
    const { clock, quotas, taken } = setUp();
    taken("a", 20);
    const wait = quotas.take("a", QUOTA);
    expect(wait).toBeCloseTo(100);
    await clock.advance(wait - 1);
    expect(quotas.take("a", QUOTA)).toBeGreaterThan(0);
    await clock.advance(1);
    expect(quotas.take("a", QUOTA)).toBe(0);
  });

  test("is not lessened by what is refused", async () => {
    const { clock, taken } = setUp();
    taken("a", 1000);
    await clock.advance(100);
    expect(taken("a", 1)).toBe(1);
  });

  test("gets back what was not used", () => {
    const { quotas, taken } = setUp();
    taken("a", 20);
    quotas.giveBack("a", QUOTA);
    expect(taken("a", 5)).toBe(1);
  });

  test("tells what is left of it, and when it is whole", async () => {
    const { clock, quotas, taken } = setUp();
    expect(quotas.standing("a", QUOTA)).toEqual({ remaining: 20, fullInMs: 0 });
    taken("a", 15);
    expect(quotas.standing("a", QUOTA)).toEqual({ remaining: 5, fullInMs: 1500 });
    await clock.advance(750);
    expect(quotas.standing("a", QUOTA)).toEqual({ remaining: 12, fullInMs: 750 });
  });

  test("is each holder's own", () => {
    const { taken } = setUp();
    expect([taken("a", 30), taken("b", 30)]).toEqual([20, 20]);
  });
});

test("of more holders than there is room for, the one that came first is forgotten", () => {
  const { taken } = setUp(2);
  for (const holder of ["a", "b"]) taken(holder, 20);
  expect(taken("c", 1)).toBe(1);
  expect([taken("b", 1), taken("a", 1)]).toEqual([0, 1]);
});
