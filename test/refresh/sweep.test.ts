import { describe, expect, test } from "vitest";
import { createReadMarks } from "../../src/refresh/read-marks.ts";
import { createSweep } from "../../src/refresh/sweep.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers, takes, waitsFor } from "../stage/plays.ts";

async function connectMany(stage: EngineStage, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => stage.connect()));
}

async function generations(stage: EngineStage, ids: readonly string[]): Promise<number[]> {
  const held = await Promise.all(ids.map((id) => stage.held(id)));
  return held.map(({ tokens }) => tokens.generation);
}

describe("the sweep", () => {
  test("refreshes a connection within a second of its becoming due, and not before", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const dueAt = (await stage.held(id)).lease.dueAt ?? 0;
    stage.sweep.start();
    await stage.clock.advance(dueAt - stage.clock.now() - 1);
    expect(stage.server.requests).toHaveLength(0);
    await stage.clock.advance(1 + SECOND);
    expect(stage.server.requests).toHaveLength(1);
    expect((await stage.held(id)).tokens).toMatchObject({ generation: 2, origin: "ahead" });
  });

  test("keeps a new connection alive, read or not, with little more than a request for each life", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    stage.sweep.start();
    await stage.clock.advance(3 * HOUR);
    const { generation, refreshToken = "" } = await stage.tokensOf(id);
    expect(generation).toBeGreaterThanOrEqual(1 + 3);
    expect(generation).toBeLessThanOrEqual(1 + 4);
    expect(stage.server.requests).toHaveLength(generation - 1);
    expect(stage.server.accepts(refreshToken)).toBe(true);
  });

  test("refreshes many at once that became due together", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const ids = await connectMany(stage, 300);
    await stage.clock.advance(51 * MINUTE);
    stage.sweep.start();
    await stage.clock.advance(6 * SECOND);
    expect(stage.server.requests).toHaveLength(300);
    const held = await Promise.all(ids.map((id) => stage.held(id)));
    expect(new Set(held.map(({ tokens }) => tokens.generation))).toEqual(new Set([2]));
  });

  test("goes on after a round that failed", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.clock.advance(51 * MINUTE);
    stage.store.fail("claimDue", 3);
    stage.sweep.start();
    await stage.clock.advance(2.5 * SECOND);
    expect(stage.server.requests).toHaveLength(0);
    await stage.clock.advance(SECOND);
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });

  test("reports a trouble once while it lasts, and again when it comes back", async () => {
    const stage = await openEngineStage();
    stage.store.fail("claimDue", 3);
    stage.sweep.start();
    await stage.clock.advance(10 * SECOND);
    expect(stage.observer.of("sweep.failed")).toEqual([{ code: "store_unavailable" }]);
    stage.store.fail("claimDue", 2);
    await stage.clock.advance(10 * SECOND);
    expect(stage.observer.of("sweep.failed")).toHaveLength(2);
  });

  test("reports a trouble of its later steps once, too", async () => {
    const stage = await openEngineStage();
    stage.store.fail("orphans", 5);
    stage.sweep.start();
    await stage.clock.advance(10 * SECOND);
    expect(stage.observer.of("sweep.failed")).toEqual([{ code: "store_unavailable" }]);
  });

  test("goes on with the others when one connection cannot be refreshed", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const ids = await connectMany(stage, 3);
    await stage.clock.advance(51 * MINUTE);
    stage.store.fail("commit", 1, new Error("a programming error"));
    stage.sweep.start();
    await stage.clock.advance(0);
    expect((await generations(stage, ids)).toSorted((a, b) => a - b)).toEqual([1, 2, 2]);
    expect(stage.observer.of("sweep.failed")).toMatchObject([{ code: "internal" }]);
    // Its lease ends, and its answer is in the journal.
    await stage.clock.advance(62 * SECOND);
    expect(await generations(stage, ids)).toEqual([2, 2, 2]);
    expect(stage.server.requests).toHaveLength(3);
  });

  test("gives back what it claimed when something fails before anything is sent", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect({ withoutRefreshToken: true });
    await stage.clock.advance(HOUR);
    stage.store.fail("setStatus");
    stage.sweep.start();
    await stage.clock.advance(0);
    const { connection, lease } = await stage.held(id);
    expect(connection.status).toBe("active");
    expect(lease).toMatchObject({ owner: null, attemptGeneration: null, unanswered: 0 });
    expect(lease.dueAt).toBe(stage.clock.now() + MINUTE);
    await stage.clock.advance(MINUTE + SECOND);
    expect((await stage.held(id)).connection.status).toBe("reauthorization_required");
  });

  test("is not held up by a provider that hangs, even if more of its connections are due than a round takes", async () => {
    const stage = await openEngineStage();
    await connectMany(stage, 200);
    stage.server.always(waitsFor(createGate()));
    await stage.clock.advance(50 * MINUTE);
    const server = await stage.addServer("quick");
    const clientId = await stage.addClient(server);
    await stage.clock.advance(10 * MINUTE);
    const id = await stage.connect({ server, clientId, expiresIn: 20 });
    stage.sweep.start();
    await stage.clock.advance(15 * SECOND);
    expect(stage.server.requests).toHaveLength(200);
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });

  test("does not ask twice for what is under way", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    await stage.connect();
    stage.server.always(takes(stage.clock, 29 * SECOND));
    await stage.clock.advance(51 * MINUTE);
    stage.sweep.start();
    await stage.clock.advance(28 * SECOND);
    expect(stage.server.requests).toHaveLength(1);
    // What was claimed was read with its claim.
    expect(stage.store.calls("snapshot")).toBe(0);
    expect(stage.store.calls("claim")).toBe(0);
  });

  test("leaves alone what ended, what never expires and what a person has to mend", async () => {
    const stage = await openEngineStage();
    const [ended = "", revoked = ""] = await connectMany(stage, 2);
    await stage.connect({ expiresIn: null });
    await stage.connections.disconnect(ended, { kind: "disconnected", generation: 1, detail: {} });
    stage.server.script(answers(400, { error: "invalid_grant" }));
    await stage.refresh(revoked);
    stage.sweep.start();
    await stage.clock.advance(3 * HOUR);
    expect(stage.server.requests).toHaveLength(1);
  });

  test("looks again at a connection without a refresh token when its access token ends", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect({ withoutRefreshToken: true });
    await stage.connections.setPolicy(id, "eager", stage.clock.now());
    stage.sweep.start();
    await stage.clock.advance(0);
    const { lease, tokens } = await stage.held(id);
    expect(lease).toMatchObject({ owner: null, dueAt: tokens.expiresAt });
  });

  test("notices the end of a connection without a refresh token", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect({ withoutRefreshToken: true });
    stage.sweep.start();
    await stage.clock.advance(HOUR - 1);
    expect((await stage.held(id)).connection.status).toBe("active");
    await stage.clock.advance(SECOND);
    expect((await stage.held(id)).connection).toMatchObject({ status: "reauthorization_required" });
  });
});

describe("stopping the sweep", () => {
  test("starts nothing more, and does not wait for the next round", async () => {
    const stage = await openEngineStage();
    await stage.connect();
    stage.sweep.start();
    await stage.clock.advance(0);
    await stage.sweep.stop();
    await stage.clock.advance(2 * HOUR);
    expect(stage.server.requests).toHaveLength(0);
  });

  test("while a round is under way lets that round end first", async () => {
    const stage = await openEngineStage();
    const gate = createGate();
    stage.store.holdAnswer("claimDue", gate);
    stage.sweep.start();
    let stopped = false;
    const stop = stage.sweep.stop().then(() => (stopped = true));
    await stage.clock.advance(SECOND);
    expect(stopped).toBe(false);
    gate.open();
    await stop;
  });

  test("sends nothing for a connection that had only been claimed, and gives it back", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.clock.advance(51 * MINUTE);
    const gate = createGate();
    stage.store.holdAnswer("claimDue", gate);
    stage.sweep.start();
    await stage.clock.advance(0);
    const stopped = Promise.all([stage.sweep.stop(), stage.refresher.drain()]);
    expect((await stage.held(id)).lease.owner).toBe(stage.instanceId);
    gate.open();
    await stage.passing(SECOND, stopped);
    expect(stage.server.requests).toHaveLength(0);
    expect((await stage.held(id)).lease).toMatchObject({ owner: null, attemptGeneration: null });
    expect(stage.observer.of("sweep.failed")).toEqual([]);
  });
});

describe("pruning", () => {
  test("deletes refreshes older than thirty days from the history, and nothing else of it", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect({ expiresIn: null });
    await stage.refresh(id);
    await stage.clock.advance(29 * DAY);
    await stage.refresh(id);
    await stage.clock.advance(DAY + 1);
    stage.sweep.start();
    await stage.clock.advance(0);
    const entries = await stage.connections.history(id, { limit: 10, before: null });
    expect(entries.map(({ kind, generation }) => [kind, generation])).toEqual([
      ["refreshed", 3],
      ["connected", 1],
    ]);
  });

  test("happens at the start and then once a day: sessions that expired a day ago, and counts of 30 days ago", async () => {
    const stage = await openEngineStage();
    const pruned: number[] = [];
    const sessions = { prune: async (before: number) => void pruned.push(before) };
    const prunedReads: number[] = [];
    const tokenReads = { prune: async (before: number) => void prunedReads.push(before) };
    const { ports, refresher } = stage;
    const sweep = createSweep({ ...ports, refresher, sessions, tokenReads, readMarks: createReadMarks(ports) });
    const start = stage.clock.now();
    sweep.start();
    await stage.clock.advance(10 * SECOND);
    expect(pruned).toEqual([start - DAY]);
    // A round that hangs for a day spares the test the rounds in between.
    const gate = createGate();
    stage.store.holdAnswer("claimDue", gate);
    await stage.clock.advance(DAY);
    gate.open();
    await sweep.stop();
    expect(pruned).toEqual([start - DAY, stage.clock.now() - DAY]);
    expect(prunedReads).toEqual([start - 30 * DAY, stage.clock.now() - 30 * DAY]);
  });

  test("that fails does not keep connections from being refreshed", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.clock.advance(51 * MINUTE);
    stage.store.fail("prune");
    stage.sweep.start();
    await stage.clock.advance(0);
    expect((await stage.held(id)).tokens.generation).toBe(2);
    expect(stage.observer.of("sweep.failed")).toEqual([{ code: "store_unavailable" }]);
  });
});
