import { expect, test } from "vitest";
import { createAlarm, type Alarm } from "../../../src/refresh/pace/alarm.ts";
import type { Clock } from "../../../src/runtime/clock.ts";
import { createManualClock, type ManualClock } from "../../stage/manual-clock.ts";

function setUp(): { clock: ManualClock; alarm: Alarm; rings: number[]; asleep: () => number } {
  const clock = createManualClock();
  const rings: number[] = [];
  let sleepers = 0;
  const counting: Clock = {
    ...clock,
    sleep: (milliseconds, signal) => {
      sleepers++;
      return clock.sleep(milliseconds, signal).finally(() => sleepers--);
    },
  };
  const alarm = createAlarm(counting, () => rings.push(clock.monotonic()));
  return { clock, alarm, rings, asleep: () => sleepers };
}

test("an alarm rings once, at its time", async () => {
  const { clock, alarm, rings } = setUp();
  alarm.set(100);
  await clock.advance(99);
  expect(rings).toEqual([]);
  await clock.advance(1_000);
  expect(rings).toEqual([100]);
});

test("after it rang it can be set again", async () => {
  const { clock, alarm, rings } = setUp();
  alarm.set(100);
  await clock.advance(100);
  alarm.set(300);
  await clock.advance(1_000);
  expect(rings).toEqual([100, 300]);
});

test("an alarm can be moved forward, and an earlier time stands", async () => {
  const { clock, alarm, rings, asleep } = setUp();
  alarm.set(500);
  alarm.set(200);
  alarm.set(800);
  alarm.set(200);
  await clock.advance(0);
  expect(asleep()).toBe(1);
  await clock.advance(1_000);
  expect(rings).toEqual([200]);
});

test("an alarm that is off does not ring and leaves nobody asleep", async () => {
  const { clock, alarm, rings, asleep } = setUp();
  alarm.set(100);
  alarm.set(Infinity);
  alarm.set(Infinity);
  await clock.advance(0);
  expect(asleep()).toBe(0);
  await clock.advance(1_000);
  expect(rings).toEqual([]);
  alarm.set(1_500);
  await clock.advance(1_000);
  expect(rings).toEqual([1_500]);
});

test("an alarm never rings before its time, nor twice at one instant", async () => {
  const { clock, alarm, rings } = setUp();
  alarm.set(10.25);
  await clock.advance(50);
  alarm.set(50);
  await clock.advance(50);
  expect(rings).toEqual([11, 51]);
});
