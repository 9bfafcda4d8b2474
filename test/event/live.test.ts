import { expect, onTestFinished, test } from "vitest";
import type { OutboxEvent } from "../../src/event/event.ts";
import { createLive } from "../../src/event/live.ts";
import { SECOND } from "../../src/runtime/clock.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { createManualClock } from "../stage/manual-clock.ts";

/** An outbox of which a test says what is in it, and somebody who follows. */
function openStage() {
  const clock = createManualClock();
  const outbox = new Map<number, OutboxEvent>();
  const put = (number: number, connectionId: string): void =>
    void outbox.set(number, {
      number,
      id: `evt_${number}`,
      at: 0,
      type: "connection.degraded",
      tenantId: "default",
      connectionId,
      clientId: null,
      incidentId: null,
      detail: {},
    });
  const live = createLive({
    clock,
    observer: createCollectingObserver(),
    outbox: {
      newest: async () => Math.max(0, ...outbox.keys()),
      since: async (number) => [...outbox.values()].filter((event) => event.number > number),
    },
  });
  const told: string[] = [];
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const follow = (): void => live.follow("default", ({ id }) => told.push(id), over.signal);
  return { clock, outbox, put, follow, told };
}

test("what happens is told once, and nothing of before", async () => {
  const { clock, put, follow, told } = openStage();
  put(7, "con_1");
  follow();
  await clock.advance(SECOND);
  put(8, "con_2");
  await clock.advance(3 * SECOND);
  expect(told).toEqual(["con_2"]);
});

test("what is stored after something with a higher number is told, too", async () => {
  const { clock, put, follow, told } = openStage();
  follow();
  await clock.advance(SECOND);
  put(9, "con_9");
  await clock.advance(SECOND);
  put(8, "con_8");
  await clock.advance(3 * SECOND);
  expect(told).toEqual(["con_9", "con_8"]);
});

test("an event that is taken back before anybody else heard of it is a change again", async () => {
  const { clock, outbox, put, follow, told } = openStage();
  follow();
  await clock.advance(SECOND);
  put(8, "con_8");
  await clock.advance(SECOND);
  outbox.delete(8);
  await clock.advance(3 * SECOND);
  expect(told).toEqual(["con_8", "con_8"]);
  put(9, "con_9");
  await clock.advance(3 * SECOND);
  expect(told).toEqual(["con_8", "con_8", "con_9"]);
});
