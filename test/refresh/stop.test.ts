import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers, losesItsAnswer, takes, waitsFor } from "../stage/plays.ts";

const STOPPING = { code: "shutting_down" };
const REJECTED = answers(400, { error: "invalid_grant" });

describe("once an instance stops", () => {
  test("nothing is claimed or sent any more", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.refresher.drain();
    await expect(stage.refresh(id)).rejects.toMatchObject(STOPPING);
    expect(stage.store.calls("claim")).toBe(0);
    expect(stage.server.requests).toHaveLength(0);
  });

  test("readers get what lives, and others are told", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.refresher.drain();
    await stage.clock.advance(HOUR - 10 * SECOND);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "failing" });
    await stage.clock.advance(10 * SECOND);
    await expect(stage.read(id)).rejects.toMatchObject(STOPPING);
  });

  test("what was sent is stored before the stop is over, although the store is down for a while", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    stage.server.script(takes(stage.clock, 10 * SECOND));
    stage.store.fail("commit", 8);
    const refresh = stage.refresh(id);
    await stage.clock.advance(0);
    let drained = false;
    const drain = stage.refresher.drain().then(() => (drained = true));
    await stage.clock.advance(11 * SECOND);
    await expect(refresh).resolves.toEqual({ kind: "renewed" });
    expect(drained).toBe(false);
    await stage.passing(20 * SECOND, drain);
    expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
  });

  test("a claim that is just being granted is given back unused", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const gate = createGate();
    stage.store.holdAnswer("claim", gate);
    const refresh = stage.refresh(id).catch((error: unknown) => error);
    await stage.clock.advance(0);
    const drain = stage.refresher.drain();
    gate.open();
    await drain;
    expect(await refresh).toMatchObject(STOPPING);
    expect(stage.server.requests).toHaveLength(0);
    expect((await stage.held(id)).lease).toMatchObject({ owner: null, attemptGeneration: null, unanswered: 0 });
  });

  test("nobody waits for another instance any longer", async () => {
    const { a, b, ...stage } = await openInstances();
    const id = await stage.connect();
    stage.server.script(takes(stage.clock, 20 * SECOND));
    const first = a.refresh(id);
    await stage.clock.advance(0);
    const held = b.refresh(id).catch((error: unknown) => error);
    await stage.clock.advance(SECOND);
    await stage.passing(0, b.refresher.drain());
    expect(await held).toMatchObject(STOPPING);
    await stage.passing(20 * SECOND, first);
  });

  test("nobody waits for a turn any longer, and no turn is kept", async () => {
    const stage = await openEngineStage();
    const provider = await stage.catalogue.find("provider");
    if (!provider) throw new Error("The stage has no provider.");
    await stage.catalogue.put({ ...provider, pace: { per_second: 1000, concurrent: 1 } });
    const [slow, waiting] = [await stage.connect(), await stage.connect()];
    stage.server.script(takes(stage.clock, 10 * SECOND));
    const first = stage.refresh(slow);
    await stage.clock.advance(0);
    const second = stage.refresh(waiting).catch((error: unknown) => error);
    await stage.clock.advance(0);
    const drain = stage.refresher.drain();
    expect(await stage.passing(0, second)).toMatchObject(STOPPING);
    await stage.passing(10 * SECOND, Promise.all([drain, first]));
    expect(stage.server.requests).toHaveLength(1);
    expect(stage.store.calls("claim")).toBe(1);
  });
});

describe("a stop in the middle of a second opinion", () => {
  test("condemns nobody, and asks no more", async () => {
    const stage = await openEngineStage({ server: { rotation: false } });
    const id = await stage.connect();
    stage.server.always(REJECTED);
    const refresh = stage.refresh(id).catch((error: unknown) => error);
    await stage.clock.advance(SECOND);
    await stage.passing(0, stage.refresher.drain());
    expect(await refresh).toMatchObject(STOPPING);
    expect(stage.server.requests).toHaveLength(1);
    const { connection, lease } = await stage.held(id);
    expect(connection.status).toBe("active");
    expect(lease).toMatchObject({ owner: null, unanswered: 0 });
  });

  test("condemns nobody either while an earlier answer could still be stored", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(losesItsAnswer);
    await stage.refresh(id);
    await stage.clock.advance(MINUTE);
    const refresh = stage.refresh(id).catch((error: unknown) => error);
    await stage.clock.advance(SECOND);
    await stage.passing(0, stage.refresher.drain());
    expect(await refresh).toMatchObject(STOPPING);
    const { connection, lease } = await stage.held(id);
    expect(connection.status).toBe("active");
    expect(lease).toMatchObject({ owner: null, attemptGeneration: 1, unanswered: 1 });
  });
});

test("an instance that stops in mid-exchange leaves nothing to wait for behind", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" } });
  const id = await stage.connect();
  const gate = createGate();
  stage.server.script(waitsFor(gate));
  a.sweep.start();
  const first = a.refresh(id);
  await stage.clock.advance(SECOND);
  const stopped = Promise.all([a.sweep.stop(), a.refresher.drain()]).then(() => a.heartbeat.stop());
  gate.open();
  await stage.passing(SECOND, Promise.all([first, stopped]));
  await expect(b.refresh(id)).resolves.toEqual({ kind: "renewed" });
  expect((await stage.held(id)).tokens.generation).toBe(3);
  expect(stage.server.reuses()).toBe(0);
});
