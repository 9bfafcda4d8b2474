import { describe, expect, test } from "vitest";
import { createKeyUses } from "../../src/access/key-uses.ts";
import type { KeyUse } from "../../src/access/store.ts";
import { SECOND } from "../../src/runtime/clock.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSink } from "./sink.ts";

function setUp() {
  const clock = createManualClock();
  const sink = createSink<KeyUse>();
  const observer = createCollectingObserver();
  return { clock, sink, observer, uses: createKeyUses({ clock, keys: { markUsed: sink.take }, observer }) };
}

describe("the last use of a key", () => {
  test("is written once for many uses, with how long ago the last one was", async () => {
    const { clock, sink, uses } = setUp();
    uses.note("key_1", "192.0.2.1");
    await clock.advance(10 * SECOND);
    uses.note("key_1", "192.0.2.2");
    await clock.advance(SECOND);
    uses.note("key_2", null);
    expect(await uses.writeSome()).toBe(false);
    expect(await uses.writeSome()).toBe(false);
    expect(sink.batches).toEqual([
      [
        { keyId: "key_1", agoMs: SECOND, from: "192.0.2.2" },
        { keyId: "key_2", agoMs: 0, from: null },
      ],
    ]);
  });

  test("waits for a store that is down, unless there is a newer one by then", async () => {
    const { clock, sink, observer, uses } = setUp();
    sink.down = true;
    for (let i = 0; i < 70; i++) uses.note(`key_${i}`, "192.0.2.1");
    expect(await uses.writeSome()).toBe(false);
    expect(observer.of("store.failed")).toEqual([{ code: "store_unavailable" }]);
    sink.down = false;
    await clock.advance(SECOND);
    uses.note("key_0", "192.0.2.2");
    await uses.writeSome();
    const written = sink.batches.flat();
    expect(written).toHaveLength(70);
    expect(written.find(({ keyId }) => keyId === "key_0")).toEqual({ keyId: "key_0", agoMs: 0, from: "192.0.2.2" });
    expect(written.find(({ keyId }) => keyId === "key_1")).toMatchObject({ agoMs: SECOND });
  });

  test("is left for the next time when it comes while others are written", async () => {
    const { clock, sink, uses } = setUp();
    const useAll = () => {
      for (let i = 0; i < 150; i++) uses.note(`key_${i}`, null);
    };
    useAll();
    expect(await uses.writeSome()).toBe(true);
    await clock.advance(SECOND);
    useAll();
    expect(await uses.writeSome()).toBe(false);
    expect(sink.batches.map(({ length }) => length)).toEqual([100, 50]);
    expect(sink.batches[1]?.[0]).toMatchObject({ keyId: "key_100", agoMs: SECOND });
    while (await uses.writeSome());
    expect(sink.batches.map(({ length }) => length)).toEqual([100, 50, 100, 50]);
  });

  test("is remembered of so many keys and no more, and written of a hundred at a time", async () => {
    const { sink, uses } = setUp();
    for (let i = 0; i < 10_050; i++) uses.note(`key_${i}`, null);
    while (await uses.writeSome());
    expect(sink.batches.map(({ length }) => length)).toEqual(Array(100).fill(100));
  });
});
