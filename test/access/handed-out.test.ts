import { describe, expect, test } from "vitest";
import { createHandedOut, MOST_PAIRS } from "../../src/access/handed-out.ts";
import type { TokenReads } from "../../src/access/store.ts";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { createDeferred } from "../runtime/deferred.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSink } from "./sink.ts";

const TWELVE = Date.UTC(2026, 0, 1, 12);

function setUp(add?: (reads: readonly TokenReads[]) => Promise<void>) {
  const clock = createManualClock(TWELVE + 59.5 * MINUTE);
  const sink = createSink<TokenReads>();
  const observer = createCollectingObserver();
  const calls = { many: 0 };
  const reads = { add: add ?? sink.take };
  const handedOut = createHandedOut({ clock, reads, observer, onMany: () => void calls.many++ });
  const countPairs = (from: number, to: number) => {
    for (let i = from; i < to; i++) handedOut.count("key_1", `con_${i}`);
  };
  return { clock, sink, observer, calls, handedOut, countPairs };
}

describe("handed-out access tokens", () => {
  test("are counted by key and connection, and written once", async () => {
    const { sink, handedOut } = setUp();
    for (let i = 0; i < 1000; i++) handedOut.count("key_1", "con_1");
    handedOut.count("key_1", "con_2");
    handedOut.count("key_2", "con_1");
    expect([await handedOut.writeSome(), await handedOut.writeSome()]).toEqual([false, false]);
    expect(sink.batches).toEqual([
      [
        { hour: TWELVE, keyId: "key_1", connectionId: "con_1", count: 1000 },
        { hour: TWELVE, keyId: "key_1", connectionId: "con_2", count: 1 },
        { hour: TWELVE, keyId: "key_2", connectionId: "con_1", count: 1 },
      ],
    ]);
  });

  test("belong to the hour in which they were handed out, also when they are written later", async () => {
    const { clock, sink, handedOut } = setUp();
    sink.down = true;
    handedOut.count("key_1", "con_1");
    await handedOut.writeSome();
    await clock.advance(MINUTE);
    sink.down = false;
    handedOut.count("key_1", "con_1");
    while (await handedOut.writeSome());
    expect(sink.batches.flat().map(({ hour, count }) => [hour, count])).toEqual([
      [TWELVE, 1],
      [TWELVE + HOUR, 1],
    ]);
  });

  test("of a new hour are not added to those that wait, however long writing them takes", async () => {
    const { clock, sink, handedOut, countPairs } = setUp();
    countPairs(0, 150);
    expect(await handedOut.writeSome()).toBe(true);
    countPairs(0, 1);
    await clock.advance(MINUTE);
    expect(await handedOut.writeSome()).toBe(false);
    countPairs(0, 1);
    await handedOut.writeSome();
    expect(sink.batches.map((batch) => batch.length)).toEqual([100, 51, 1]);
    expect(sink.batches[1]?.at(-1)).toMatchObject({ hour: TWELVE, connectionId: "con_0", count: 1 });
    expect(sink.batches[2]).toMatchObject([{ hour: TWELVE + HOUR, connectionId: "con_0", count: 1 }]);
  });

  test("are to be written soon when there are many pairs, a hundred at a time", async () => {
    const { sink, calls, handedOut, countPairs } = setUp();
    countPairs(0, MOST_PAIRS - 1);
    expect(calls.many).toBe(0);
    countPairs(MOST_PAIRS - 1, MOST_PAIRS + 10);
    expect(calls.many).toBe(1);
    while (await handedOut.writeSome());
    expect(sink.batches.map((batch) => batch.length)).toEqual([...Array<number>(MOST_PAIRS / 100).fill(100), 10]);
  });

  test("wait for a store that is down, as many as there is room for", async () => {
    const { sink, observer, handedOut, countPairs } = setUp();
    sink.down = true;
    for (let round = 0; round < 3; round++) {
      countPairs(round * MOST_PAIRS, (round + 1) * MOST_PAIRS);
      expect(await handedOut.writeSome()).toBe(false);
    }
    expect(observer.of("store.failed")).toHaveLength(3);
    sink.down = false;
    while (await handedOut.writeSome());
    const written = sink.batches.flat().map(({ connectionId }) => connectionId);
    expect([written.length, new Set(written).size]).toEqual([2 * MOST_PAIRS, 2 * MOST_PAIRS]);
  });

  test("that are counted while others are written are written with the next, and none twice", async () => {
    const [gate, written] = [createDeferred<void>(), [] as number[]];
    const { handedOut } = setUp(async (batch) => {
      await gate.promise;
      written.push(...batch.map(({ count }) => count));
    });
    handedOut.count("key_1", "con_1");
    const first = handedOut.writeSome();
    for (let i = 0; i < 2; i++) handedOut.count("key_1", "con_1");
    gate.resolve();
    await first;
    await handedOut.writeSome();
    expect(written).toEqual([1, 2]);
  });
});
