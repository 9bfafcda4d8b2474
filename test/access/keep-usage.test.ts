import { describe, expect, test } from "vitest";
import { keepUsage } from "../../src/access/keep-usage.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createManualClock } from "../stage/manual-clock.ts";

/** Keeps something of which `waiting.batches` are to be written, and notes when each was. */
function setUp(start: number) {
  const clock = createManualClock(start);
  const times: number[] = [];
  const waiting = { batches: 1 };
  const part = {
    writeSome: async () => {
      times.push(clock.now() - start);
      waiting.batches--;
      return waiting.batches > 0;
    },
  };
  return { clock, times, waiting, usage: keepUsage(clock, [part]) };
}

const NOON = Date.UTC(2026, 0, 1, 12);

describe("usage is written", () => {
  test("right after each full minute, so that nothing is counted to another hour", async () => {
    const { clock, times, usage } = setUp(NOON - 30 * SECOND);
    usage.start();
    await clock.advance(3 * MINUTE);
    expect(times).toEqual([30_010, 90_010, 150_010]);
    await usage.stop();
  });

  test("in pieces with pauses, in which requests are answered", async () => {
    const { clock, times, waiting, usage } = setUp(NOON - 30 * SECOND);
    waiting.batches = 3;
    usage.start();
    await clock.advance(MINUTE);
    expect(times).toEqual([30_010, 30_030, 30_050]);
    await usage.stop();
  });

  test("at once when there is much, and at the minute as well", async () => {
    const { clock, times, usage } = setUp(NOON);
    usage.start();
    await clock.advance(SECOND);
    usage.soon();
    await clock.advance(MINUTE);
    expect(times).toEqual([1000, 60_010]);
    await usage.stop();
  });

  test("once more when the service stops, without pauses, and never after", async () => {
    const { clock, times, waiting, usage } = setUp(NOON);
    usage.start();
    await clock.advance(SECOND);
    waiting.batches = 3;
    await usage.stop();
    expect(times).toEqual([1000, 1000, 1000]);
    await clock.advance(HOUR);
    expect(times).toHaveLength(3);
  });

  test("to its end when the service stops in the middle of it", async () => {
    const { clock, times, waiting, usage } = setUp(NOON);
    waiting.batches = 3;
    usage.start();
    await clock.advance(MINUTE + 10);
    expect(times).toEqual([60_010]);
    await usage.stop();
    expect(times.slice(0, 3)).toEqual([60_010, 60_010, 60_010]);
    expect(waiting.batches).toBeLessThanOrEqual(0);
  });
});
