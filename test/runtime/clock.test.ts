import { describe, expect, test } from "vitest";
import { SECOND, within, type Clock } from "../../src/runtime/clock.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createDeferred } from "./deferred.ts";

describe("within", () => {
  test("gives what the work gives when it is in time", async () => {
    const clock = createManualClock();
    const work = createDeferred<string>();
    const waiting = within(clock, SECOND, work.promise);
    await clock.advance(SECOND - 1);
    work.resolve("done");
    expect(await waiting).toBe("done");
  });

  test("gives undefined when time runs out, and the work goes on", async () => {
    const clock = createManualClock();
    const work = createDeferred<string>();
    const waiting = within(clock, SECOND, work.promise);
    await clock.advance(SECOND);
    expect(await waiting).toBeUndefined();
    work.resolve("late");
    expect(await work.promise).toBe("late");
  });

  test("passes the work's failure on", async () => {
    const waiting = within(createManualClock(), SECOND, Promise.reject(new Error("broken")));
    await expect(waiting).rejects.toThrow("broken");
  });

  test("leaves a failure that comes too late to those who still wait for the work", async () => {
    const clock = createManualClock();
    const work = createDeferred<string>();
    const waiting = within(clock, SECOND, work.promise);
    await clock.advance(SECOND);
    work.reject(new Error("late"));
    expect(await waiting).toBeUndefined();
    await expect(work.promise).rejects.toThrow("late");
  });

  test.each([
    ["succeeds", () => Promise.resolve(1)],
    ["fails", () => Promise.reject(new Error("broken"))],
  ])("ends its sleep when the work %s, so that no timer is left behind", async (_how, work) => {
    const signals: (AbortSignal | undefined)[] = [];
    const manual = createManualClock();
    const clock: Clock = {
      ...manual,
      sleep: (milliseconds, signal) => {
        signals.push(signal);
        return manual.sleep(milliseconds, signal);
      },
    };
    await Promise.allSettled([within(clock, SECOND, work())]);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });
});
