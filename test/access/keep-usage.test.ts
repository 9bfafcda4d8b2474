import { describe, expect, test } from "vitest";
import { keepUsage } from "../../src/access/keep-usage.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createManualClock } from "../stage/manual-clock.ts";

function setUp(start: number) {
  const clock = createManualClock(start);
  const times: number[] = [];
  const part = { flush: async () => void times.push(clock.now() - start) };
  return { clock, times, usage: keepUsage(clock, [part]) };
}

describe("usage is written", () => {
  test("right after each full minute, so that nothing is counted to another hour", async () => {
    const { clock, times, usage } = setUp(Date.UTC(2026, 0, 1, 12, 59, 30));
    usage.start();
    await clock.advance(3 * MINUTE);
    expect(times).toEqual([30_010, 90_010, 150_010]);
    await usage.stop();
  });

  test("once more when the service stops", async () => {
    const { clock, times, usage } = setUp(Date.UTC(2026, 0, 1));
    usage.start();
    await clock.advance(SECOND);
    await usage.stop();
    expect(times.at(-1)).toBe(SECOND);
    const written = times.length;
    await clock.advance(HOUR);
    expect(times).toHaveLength(written);
  });
});
