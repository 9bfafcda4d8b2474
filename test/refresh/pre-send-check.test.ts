import { describe, expect, test } from "vitest";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";

/** The lease, less the longest exchange and the margin. */
const LATEST = MINUTE - 35 * SECOND;

describe("an instance that was paused between claim and send", () => {
  test("sends nothing when its lease is over and another one has sent meanwhile", async () => {
    const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" } });
    const id = await stage.connect();
    const gate = createGate();
    a.store.holdAnswer("claim", gate);
    const paused = a.refresh(id);
    await stage.clock.advance(0);
    a.link.state = "down";
    await stage.clock.advance(3 * MINUTE);
    await stage.passing(SECOND, b.refresh(id));
    a.link.state = "up";
    gate.open();
    await expect(stage.passing(SECOND, paused)).resolves.toEqual({ kind: "renewed" });
    expect(stage.server.requests).toHaveLength(1);
    expect(stage.server.reuses()).toBe(0);
    expect(a.observer.of("refresh.aborted")).toEqual([{ connectionId: id }]);
  });

  test("sends nothing when another one has claimed, although there would be time", async () => {
    const { a, b, ...stage } = await openInstances({ server: { rotation: false } });
    const id = await stage.connect();
    const [paused, sent] = [createGate(), createGate()];
    a.store.holdAnswer("claim", paused);
    const late = a.refresh(id);
    await stage.clock.advance(0);
    a.link.state = "down";
    await stage.clock.advance(11 * SECOND);
    stage.server.script(async (act) => sent.passed().then(act));
    const first = b.refresh(id);
    await stage.clock.advance(SECOND);
    expect(stage.server.requests).toHaveLength(1);
    a.link.state = "up";
    paused.open();
    await stage.clock.advance(SECOND);
    expect(stage.server.requests).toHaveLength(1);
    expect(a.observer.of("refresh.aborted")).toHaveLength(1);
    sent.open();
    const results = await stage.passing(SECOND, Promise.all([first, late]));
    expect(results).toEqual([{ kind: "renewed" }, { kind: "renewed" }]);
    expect(stage.server.requests).toHaveLength(1);
  });

  test.each([
    ["at the last moment at which the exchange ends within the lease", LATEST - 1, []],
    ["after that", LATEST, [{}]],
  ])("%s is right: it sends, or gives back and claims anew", async (_, pause, aborted) => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const gate = createGate();
    stage.store.holdAnswer("claim", gate);
    const refresh = stage.refresh(id);
    await stage.clock.advance(0);
    await stage.clock.leap(pause);
    gate.open();
    await expect(stage.passing(0, refresh)).resolves.toEqual({ kind: "renewed" });
    expect(stage.observer.of("refresh.aborted")).toMatchObject(aborted);
    expect(stage.store.calls("claim")).toBe(1 + aborted.length);
    expect(stage.server.requests).toHaveLength(1);
    expect((await stage.held(id)).lease.unanswered).toBe(0);
  });

  test("has more time where the exchange may take less long", async () => {
    const stage = await openEngineStage({ server: { reuse: { windowMs: 15 * SECOND } } });
    const id = await stage.connect();
    const gate = createGate();
    stage.store.holdAnswer("claim", gate);
    const refresh = stage.refresh(id);
    await stage.clock.advance(0);
    await stage.clock.leap(MINUTE - 10 * SECOND - 1);
    gate.open();
    await expect(stage.passing(0, refresh)).resolves.toEqual({ kind: "renewed" });
    expect(stage.observer.of("refresh.aborted")).toEqual([]);
  });

  test.each([
    ["the monotonic clock stood still while the machine slept", 0, 2 * MINUTE],
    ["the wall clock was set back", 2 * MINUTE, -2 * MINUTE],
  ])("claims anew although %s", async (_, elapsed, wall) => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const gate = createGate();
    stage.store.holdAnswer("claim", gate);
    const refresh = stage.refresh(id);
    await stage.clock.advance(0);
    await stage.clock.leap(elapsed);
    stage.wall.aheadMs = wall;
    gate.open();
    await expect(stage.passing(0, refresh)).resolves.toEqual({ kind: "renewed" });
    expect(stage.observer.of("refresh.aborted")).toHaveLength(1);
  });
});

describe("whether a claim still stands", () => {
  test.each([
    ["is not asked within a second of it", SECOND, 0],
    ["is asked when more has passed", SECOND + 1, 1],
  ])("%s", async (_, pause, calls) => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const gate = createGate();
    stage.store.holdAnswer("claim", gate);
    const refresh = stage.refresh(id);
    await stage.clock.advance(0);
    await stage.clock.leap(pause);
    gate.open();
    await stage.passing(0, refresh);
    expect(stage.store.calls("stands")).toBe(calls);
    expect(stage.server.requests).toHaveLength(1);
  });

  test("is not assumed when the store does not say", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const gate = createGate();
    stage.store.holdAnswer("claim", gate);
    stage.store.fail("stands");
    const refresh = stage.refresh(id).catch((error: unknown) => error);
    await stage.clock.advance(0);
    await stage.clock.leap(2 * SECOND);
    gate.open();
    expect(await stage.passing(0, refresh)).toMatchObject({ code: "store_unavailable" });
    expect(stage.server.requests).toHaveLength(0);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  });
});
