import { expect, test } from "vitest";
import { MINUTE } from "../../src/runtime/clock.ts";
import { createRounds } from "../../src/runtime/rounds.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { storeIsDown } from "../stage/faulty-connection-store.ts";
import { createGate } from "../stage/gate.ts";
import { createManualClock } from "../stage/manual-clock.ts";

test("rounds come at once and after each interval, also after one that failed", async () => {
  const [clock, observer] = [createManualClock(), createCollectingObserver()];
  const times: number[] = [];
  const rounds = createRounds({ clock, observer }, MINUTE, async () => {
    times.push(clock.monotonic());
    if (times.length === 2) throw storeIsDown();
  });
  expect(times).toEqual([]);
  rounds.start();
  await clock.advance(2 * MINUTE);
  expect(times).toEqual([0, MINUTE, 2 * MINUTE]);
  expect(observer.of("store.failed")).toHaveLength(1);
  await rounds.stop();
  await clock.advance(MINUTE);
  expect(times).toHaveLength(3);
});

test("whoever stops them waits for the end of the one under way", async () => {
  const [clock, gate] = [createManualClock(), createGate()];
  const order: string[] = [];
  const rounds = createRounds({ clock, observer: createCollectingObserver() }, MINUTE, async () => {
    await gate.passed();
    order.push("round");
  });
  rounds.start();
  const stopped = rounds.stop().then(() => order.push("stopped"));
  await clock.advance(0);
  gate.open();
  await stopped;
  expect(order).toEqual(["round", "stopped"]);
});
