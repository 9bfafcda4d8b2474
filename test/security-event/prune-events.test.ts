import { expect, test } from "vitest";
import { DAY } from "../../src/runtime/clock.ts";
import { pruneEvents } from "../../src/security-event/prune-events.ts";
import { createManualClock } from "../stage/manual-clock.ts";

test("events are forgotten once a day, when a token that told of them would be refused for its age", async () => {
  const clock = createManualClock();
  const before: number[] = [];
  const events = { prune: async (time: number) => void before.push(time) };
  const rounds = pruneEvents({ clock, observer: { event: () => undefined }, events });
  const start = clock.now();
  rounds.start();
  await clock.advance(DAY);
  await rounds.stop();
  expect(before).toEqual([start - 31 * DAY, start - 30 * DAY]);
});
