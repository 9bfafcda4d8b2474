import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers, takes } from "../stage/plays.ts";

describe("a database that came back without a commit", () => {
  test("gets it from the journal, and the refresh token that was used is not sent again", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    const forget = await stage.remember();
    await stage.refresh(id);
    await forget();
    await expect(stage.refresh(id, { generation: 1 })).resolves.toEqual({ kind: "renewed" });
    expect(await stage.tokensOf(id)).toEqual({ generation: 2, accessToken: "access-1-2", refreshToken: "refresh-1-2" });
    expect(stage.server.requests).toHaveLength(1);
    expect(stage.observer.of("journal.replayed")).toEqual([{ connectionId: id, generation: 2 }]);
    expect(await stage.historyOf(id)).toEqual(["connected", "recovered_from_journal"]);
  });

  test("or without several gets the last of them", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    const forget = await stage.remember();
    for (let round = 0; round < 3; round++) await stage.refresh(id);
    await forget();
    await stage.refresh(id, { generation: 1 });
    expect(await stage.tokensOf(id)).toMatchObject({ generation: 4, refreshToken: "refresh-1-4" });
    expect(stage.server.requests).toHaveLength(3);
  });

  test("gives the reader of a token that is over the one that had been stored", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    const forget = await stage.remember();
    await stage.clock.advance(50 * MINUTE);
    await stage.refresh(id);
    await forget();
    await stage.clock.advance(10 * MINUTE);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
    expect(stage.server.requests).toHaveLength(1);
  });

  test("is mended by the sweep, because what had been refreshed is due once more", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    await stage.clock.advance(51 * MINUTE);
    const forget = await stage.remember();
    await stage.refresh(id);
    await forget();
    stage.sweep.start();
    await stage.clock.advance(SECOND);
    const { tokens, lease } = await stage.held(id);
    expect(tokens.generation).toBe(2);
    expect(lease.owner).toBeNull();
    expect(lease.dueAt).toBeGreaterThan(stage.clock.now() + 30 * MINUTE);
    expect(stage.server.requests).toHaveLength(1);
  });
});

test("a database that was away for everybody, for longer than a lease, lets owners speak before others take over", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" } });
  const id = await stage.connect();
  a.store.before("commit", () => {
    for (const { link } of [a, b]) link.state = "down";
  });
  const first = a.refresh(id);
  await stage.clock.advance(5 * MINUTE);
  for (const { link } of [b, a]) link.state = "up";
  const second = b.refresh(id, { generation: 1 });
  await stage.clock.advance(0);
  expect(stage.server.requests).toHaveLength(1);
  await stage.passing(10 * SECOND, Promise.allSettled([first, second]));
  expect(stage.server.requests).toHaveLength(1);
  expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
});

describe("when the database's server is another one", () => {
  test("nobody claims before every living instance has compared its journal with it", async () => {
    const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" } });
    const id = await stage.connect();
    const forget = await stage.remember();
    await a.refresh(id);
    await forget();
    stage.failOver();
    const gate = createGate();
    a.store.hold("recover", gate);
    b.sweep.start();
    const refresh = b.refresh(id, { generation: 1 });
    await stage.clock.advance(8 * SECOND);
    expect(stage.server.requests).toHaveLength(1);
    gate.open();
    await expect(stage.passing(5 * SECOND, refresh)).resolves.toEqual({ kind: "renewed" });
    expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
    expect(stage.server.requests).toHaveLength(1);
    expect(stage.server.reuses()).toBe(0);
  });

  test("readers with a token that is over wait for that, instead of being sent away", async () => {
    const { a, b, ...stage } = await openInstances();
    const id = await stage.connect();
    await stage.clock.leap(HOUR);
    await stage.clock.advance(2 * SECOND);
    stage.failOver();
    const read = b.read(id);
    await expect(stage.passing(8 * SECOND, read)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
    expect(a.observer.of("database.changed")).toMatchObject([{ instanceId: a.instanceId, incarnation: 2 }]);
  });

  test("an instance that ended is not waited for longer than its silence", async () => {
    const { a, b, ...stage } = await openInstances();
    const id = await stage.connect();
    await stage.clock.advance(2 * SECOND);
    a.kill();
    stage.failOver();
    b.sweep.start();
    await stage.passing(18 * SECOND, b.refresh(id));
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });

  test("a sweep claims nothing for that long, and goes on by itself", async () => {
    const { a, b, ...stage } = await openInstances();
    const id = await stage.connect({ expiresIn: 20 });
    a.link.state = "down";
    stage.failOver();
    b.sweep.start();
    await stage.clock.advance(9 * SECOND);
    expect(stage.server.requests).toHaveLength(0);
    await stage.clock.advance(11 * SECOND);
    expect((await stage.held(id)).tokens.generation).toBeGreaterThan(1);
  });

  test("without the claim of an exchange that is in the air, the claim is made anew, and nobody else sends", async () => {
    const { a, b, ...stage } = await openInstances({ server: { rotation: false } });
    const id = await stage.connect();
    const forget = await stage.remember();
    stage.server.script(takes(stage.clock, 20 * SECOND));
    const first = a.refresh(id);
    await stage.clock.advance(0);
    await forget();
    stage.failOver();
    const second = b.refresh(id);
    await stage.clock.advance(15 * SECOND);
    expect(stage.server.requests).toHaveLength(1);
    const { lease } = await stage.held(id);
    expect(lease).toMatchObject({ owner: a.instanceId, attemptGeneration: 1, unanswered: 1 });
    expect(lease.epoch).toBeGreaterThan(1);
    const results = await stage.passing(6 * SECOND, Promise.all([first, second]));
    expect(results).toEqual([{ kind: "renewed" }, { kind: "renewed" }]);
    expect(stage.server.requests).toHaveLength(1);
  });

  test("without the token set that is being replaced, that is brought back from memory, and so is the claim", async () => {
    const { a, b, ...stage } = await openInstances({ server: { rotation: false } });
    const id = await stage.connect();
    const forget = await stage.remember();
    await stage.passing(SECOND, a.refresh(id));
    const { tokens } = await stage.held(id);
    stage.server.script(takes(stage.clock, 20 * SECOND));
    const first = a.refresh(id);
    await stage.clock.advance(0);
    await forget();
    stage.failOver();
    const second = b.refresh(id);
    await stage.clock.advance(15 * SECOND);
    expect(await stage.held(id)).toMatchObject({ tokens, lease: { owner: a.instanceId, attemptGeneration: 2 } });
    expect(await stage.historyOf(id)).toContain("recovered_from_memory");
    await stage.passing(6 * SECOND, Promise.all([first, second]));
    expect((await stage.held(id)).tokens.generation).toBe(3);
    expect(stage.server.requests).toHaveLength(2);
  });

  test("what such an exchange comes to is written down under the new claim", async () => {
    const { a, ...stage } = await openInstances();
    const id = await stage.connect();
    const forget = await stage.remember();
    stage.server.script(takes(stage.clock, 10 * SECOND, answers(503, "")));
    const refresh = a.refresh(id);
    await stage.clock.advance(0);
    await forget();
    stage.failOver();
    await expect(stage.passing(11 * SECOND, refresh)).resolves.toMatchObject({ kind: "retry_later" });
    expect((await stage.held(id)).lease).toMatchObject({ owner: null, failures: 1, attemptGeneration: null });
  });

  test("without a claim that the sweep had made, the claim is made anew, and used once", async () => {
    const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" } });
    const provider = await stage.catalogue.find("provider");
    if (!provider) throw new Error("The stage has no provider.");
    await stage.catalogue.put({ ...provider, pace: { per_second: 1000, concurrent: 1 } });
    const id = await stage.connect({ expiresIn: 2 });
    await stage.clock.leap(SECOND);
    const slow = await stage.connect();
    stage.server.script(takes(stage.clock, 2.5 * SECOND));
    const forget = await stage.remember();
    const first = a.refresh(slow);
    await stage.clock.advance(0);
    a.sweep.start();
    await stage.clock.advance(0);
    expect((await stage.held(id)).lease.owner).toBe(a.instanceId);
    await forget();
    stage.failOver();
    const others = [b.refresh(id, { generation: 1 }), b.refresh(slow, { generation: 1 })];
    await stage.passing(15 * SECOND, Promise.all([first, ...others]));
    expect((await stage.held(id)).tokens.generation).toBeGreaterThan(1);
    expect(stage.server.reuses()).toBe(0);
  });
});
