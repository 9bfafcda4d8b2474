import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances, type EngineStage } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers, takes, waitsFor } from "../stage/plays.ts";
import type { World } from "../stage/world.ts";

async function connectMany(stage: World, count: number, clientId = stage.clientId, server = stage.server) {
  return Promise.all(Array.from({ length: count }, () => stage.connect({ clientId, server })));
}

/** Connections of several clients of one server, so many each. */
async function connectCrowd(stage: World, clients: number, each: number, server = stage.server): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < clients; i++)
    ids.push(...(await connectMany(stage, each, await stage.addClient(server), server)));
  return ids;
}

async function limitPace(stage: EngineStage, perSecond: number): Promise<void> {
  const provider = await stage.catalogue.find("provider");
  if (!provider) throw new Error("The stage has no provider.");
  await stage.catalogue.put({ ...provider, pace: { per_second: perSecond, concurrent: 1000 } });
}

describe("a crowd that is due", () => {
  test("is claimed in batches without a pause between them, and then nothing until more is due", async () => {
    const stage = await openEngineStage();
    await connectCrowd(stage, 5, 50);
    await stage.clock.advance(51 * MINUTE);
    stage.sweep.start();
    await stage.clock.advance(0);
    expect(stage.server.requests).toHaveLength(250);
    const calls = stage.store.calls("claimDue");
    expect(calls).toBeGreaterThanOrEqual(3);
    expect(calls).toBeLessThanOrEqual(15);
    await stage.clock.advance(5 * SECOND);
    expect(stage.store.calls("claimDue")).toBe(calls + 5);
    expect(stage.server.requests).toHaveLength(250);
  });

  test("of one client that is slow leaves room for others, and goes on when it answers", async () => {
    const stage = await openEngineStage();
    const gate = createGate();
    const crowd = await connectMany(stage, 400);
    stage.server.always(waitsFor(gate));
    await stage.clock.advance(51 * MINUTE);
    stage.sweep.start();
    await stage.clock.advance(5 * SECOND);
    expect(stage.server.requests.length).toBeGreaterThanOrEqual(256);
    expect(stage.server.requests.length).toBeLessThan(256 + 100);
    gate.open();
    await stage.clock.advance(5 * SECOND);
    expect(stage.server.requests).toHaveLength(crowd.length);
  });

  test("of a client that is limited is not claimed before its turn could come", async () => {
    const stage = await openEngineStage();
    await limitPace(stage, 2);
    const ids = await connectMany(stage, 150);
    await stage.clock.advance(HOUR);
    stage.sweep.start();
    await stage.clock.advance(MINUTE);
    expect(stage.server.requests.length).toBeGreaterThan(100);
    expect(stage.server.requests.length).toBeLessThanOrEqual(125);
    // Not a hundred claims a second that have to be given back.
    expect(stage.store.calls("release")).toBeLessThanOrEqual(400);
    await stage.clock.advance(30 * SECOND);
    expect(stage.server.requests).toHaveLength(ids.length);
    expect(stage.server.reuses()).toBe(0);
  });

  test("of a client whose server asks for a pause is left alone until it is over", async () => {
    const stage = await openEngineStage();
    const crowd = await connectMany(stage, 400);
    stage.server.always(answers(429, "", MINUTE));
    await stage.clock.advance(51 * MINUTE);
    stage.sweep.start();
    await stage.clock.advance(50 * SECOND);
    const { length } = stage.server.requests;
    expect(length).toBeLessThan(crowd.length);
    stage.server.always(null);
    await stage.clock.advance(2 * MINUTE);
    expect(stage.server.requests).toHaveLength(length + crowd.length);
  });

  test("is under way a thousand at a time; what another instance left in mid-exchange goes before it", async () => {
    const { a, b, ...stage } = await openInstances({ server: { rotation: false } });
    const orphan = await stage.connect();
    const gate = createGate();
    for (const name of ["one", "two"]) {
      const server = await stage.addServer(name);
      server.always(waitsFor(gate));
      await connectCrowd(stage, 6, 92, server);
    }
    stage.server.script(waitsFor(createGate()));
    await stage.clock.leap(51 * MINUTE);
    await stage.clock.advance(2 * SECOND);
    void a.refresh(orphan);
    await stage.clock.advance(0);
    a.kill();
    b.sweep.start();
    await stage.clock.advance(5 * SECOND);
    const { lease } = await stage.held(orphan);
    expect(lease.owner).toBe(a.instanceId);
    expect(await underWay(stage)).toBe(1 + 1024);
    await stage.clock.advance(7 * SECOND);
    expect(stage.server.requests).toHaveLength(2);
    gate.open();
    await stage.clock.advance(5 * SECOND);
    expect(await underWay(stage)).toBe(0);
  }, 60_000);
});

/** Connections that are claimed. */
async function underWay({ database }: World): Promise<number> {
  const leases = await database.read((queries) => queries.selectFrom("refresh_leases").select("owner").execute());
  return leases.filter(({ owner }) => owner !== null).length;
}

describe("what an instance left in mid-exchange", () => {
  test("is taken over by the sweep of another one, without anybody asking", async () => {
    const { a, b, ...stage } = await openInstances({ server: { reuse: { windowMs: MINUTE } } });
    const id = await stage.connect();
    stage.server.script(takes(stage.clock, SECOND));
    void a.refresh(id);
    await stage.clock.advance(0);
    a.kill();
    b.sweep.start();
    await stage.clock.advance(9 * SECOND);
    expect(stage.server.requests).toHaveLength(1);
    await stage.clock.advance(3 * SECOND);
    expect((await stage.held(id)).tokens.generation).toBe(2);
    expect(stage.server.requests).toHaveLength(2);
  });

  test("is looked at every second, and decided when nobody can hold its answer any more", async () => {
    const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" } });
    const id = await stage.connect();
    stage.server.script(takes(stage.clock, SECOND));
    void a.refresh(id);
    await stage.clock.advance(0);
    a.kill();
    b.sweep.start();
    await stage.clock.advance(2 * MINUTE - SECOND);
    expect(stage.server.requests).toHaveLength(1);
    expect((await stage.held(id)).connection.status).toBe("active");
    await stage.clock.advance(6 * SECOND);
    expect(stage.server.requests).toHaveLength(2);
    expect((await stage.held(id)).connection.diagnosis).toMatchObject({ cause: "rotation_lost" });
    expect(b.observer.of("sweep.failed")).toEqual([]);
  });

  test("is refreshed whatever the policy: its token may have been replaced", async () => {
    const { a, b, ...stage } = await openInstances({ server: { reuse: "until_used" } });
    const id = await stage.connect();
    await stage.connections.setPolicy(id, "on_demand", null);
    stage.server.script(takes(stage.clock, SECOND));
    void a.refresh(id);
    await stage.clock.advance(0);
    a.kill();
    b.sweep.start();
    await stage.clock.advance(12 * SECOND);
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });

  test("is not taken for left while this instance is at it, however long the store is down for it", async () => {
    const stage = await openEngineStage({ server: { rotation: false } });
    const id = await stage.connect({ expiresIn: 10 });
    stage.store.fail("commit", 40);
    stage.sweep.start();
    await stage.clock.advance(2 * MINUTE);
    expect(stage.server.requests).toHaveLength(1);
    expect(stage.store.calls("snapshot")).toBe(0);
    await stage.clock.advance(2 * MINUTE);
    expect((await stage.held(id)).tokens.generation).toBeGreaterThan(1);
  });
});
