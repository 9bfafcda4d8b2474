import { describe, expect, test } from "vitest";
import { createHandedOut } from "../../src/access/handed-out.ts";
import type { TokenReads } from "../../src/access/store.ts";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { createDeferred } from "../runtime/deferred.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSink } from "./sink.ts";

const TWELVE = Date.UTC(2026, 0, 1, 12);

function setUp(mostPairs?: number) {
  const clock = createManualClock(TWELVE + 59.5 * MINUTE);
  const sink = createSink<TokenReads>();
  const observer = createCollectingObserver();
  const reads = { add: sink.take };
  return {
    clock,
    sink,
    observer,
    handedOut: createHandedOut({ clock, reads, observer, ...(mostPairs && { mostPairs }) }),
  };
}

describe("handed-out access tokens", () => {
  test("are counted by key and connection, and written once", async () => {
    const { sink, handedOut } = setUp();
    for (let i = 0; i < 1000; i++) handedOut.count("key_1", "con_1");
    handedOut.count("key_1", "con_2");
    handedOut.count("key_2", "con_1");
    await handedOut.flush();
    await handedOut.flush();
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
    await handedOut.flush();
    await clock.advance(MINUTE);
    sink.down = false;
    handedOut.count("key_1", "con_1");
    await handedOut.flush();
    expect(sink.batches.flat().map(({ hour, count }) => [hour, count])).toEqual([
      [TWELVE, 1],
      [TWELVE + HOUR, 1],
    ]);
  });

  test("are written at once when there are many pairs, a hundred at a time", async () => {
    const { clock, sink, handedOut } = setUp(250);
    for (let i = 0; i < 260; i++) handedOut.count("key_1", `con_${i}`);
    await clock.advance(0);
    expect(sink.batches.map(({ length }) => length)).toEqual([100, 100, 50]);
    await handedOut.flush();
    expect(sink.batches.map(({ length }) => length)).toEqual([100, 100, 50, 10]);
  });

  test("wait for a store that is down, as many as there is room for", async () => {
    const { clock, sink, observer, handedOut } = setUp(250);
    sink.down = true;
    for (let i = 0; i < 1000; i++) handedOut.count("key_1", `con_${i}`);
    await clock.advance(0);
    expect(observer.of("store.failed")[0]).toEqual({ code: "store_unavailable" });
    sink.down = false;
    await handedOut.flush();
    const written = sink.batches.flat();
    expect(written).toHaveLength(250);
    expect(new Set(written.map(({ connectionId }) => connectionId)).size).toBe(250);
  });

  test("that are counted while others are written are written with the next, and none twice", async () => {
    const { clock, observer } = setUp();
    const [gate, written] = [createDeferred<void>(), [] as number[]];
    const reads = {
      add: async (batch: readonly TokenReads[]) => {
        await gate.promise;
        written.push(...batch.map(({ count }) => count));
      },
    };
    const handedOut = createHandedOut({ clock, reads, observer });
    handedOut.count("key_1", "con_1");
    const first = handedOut.flush();
    handedOut.count("key_1", "con_1");
    handedOut.count("key_1", "con_1");
    const second = handedOut.flush();
    gate.resolve();
    await Promise.all([first, second]);
    expect(written).toEqual([1, 2]);
  });
});
