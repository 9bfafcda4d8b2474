import { describe, expect, test } from "vitest";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openInstances, type InstancesOptions, type InstancesStage } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { takes, waitsFor } from "../stage/plays.ts";
import type { ServerBehaviour } from "../stage/simulated-authorization-server.ts";

interface Orphaned extends InstancesStage {
  id: string;
  sentAt: number;
}

/** `a` has sent, the server has acted, and `a` ends before it hears of it. */
async function orphaned(server: Partial<ServerBehaviour>, options: InstancesOptions = {}): Promise<Orphaned> {
  const stage = await openInstances({ server, ...options });
  const id = await stage.connect();
  stage.server.script(takes(stage.clock, SECOND));
  void stage.a.refresh(id);
  await stage.clock.advance(0);
  const sentAt = stage.clock.now();
  stage.a.kill();
  return { ...stage, id, sentAt };
}

const HARMLESS: [string, Partial<ServerBehaviour>][] = [
  ["the refresh token never changes", { rotation: false }],
  ["the answer stays the same until the new token is used", { reuse: "until_used" }],
  ["the answer stays the same for a while", { reuse: { windowMs: 10 * MINUTE } }],
];

describe.each(HARMLESS)("where %s", (_, server) => {
  test("another instance sends again after ten seconds without a sign of life, not before", async () => {
    const { b, id, sentAt, ...stage } = await orphaned(server);
    const refresh = b.refresh(id);
    await stage.clock.advance(10 * SECOND - 1);
    expect(stage.server.requests).toHaveLength(1);
    await expect(stage.passing(SECOND, refresh)).resolves.toEqual({ kind: "renewed" });
    expect(stage.server.requests.map(({ refreshToken }) => refreshToken)).toEqual(Array(2).fill("refresh-1-1"));
    expect(b.observer.of("refresh.taken_over")).toEqual([{ connectionId: id, count: 1, firstAt: sentAt }]);
    expect(stage.server.accepts((await stage.tokensOf(id)).refreshToken ?? "")).toBe(true);
  });

  test("an owner that lives and does not get on is waited for until its lease is over", async () => {
    const { a, b, ...stage } = await openInstances({ server });
    const id = await stage.connect();
    const gate = createGate();
    a.store.hold("commit", gate);
    const first = a.refresh(id);
    await stage.clock.advance(0);
    const second = b.refresh(id);
    await stage.clock.advance(MINUTE - 1);
    expect(stage.server.requests).toHaveLength(1);
    await expect(stage.passing(SECOND, second)).resolves.toEqual({ kind: "renewed" });
    expect(stage.server.requests).toHaveLength(2);
    gate.open();
    await expect(stage.passing(SECOND, first)).resolves.toEqual({ kind: "renewed" });
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });
});

describe.each(["none", "punished"] as const)("where a used refresh token is an error (%s)", (reuse) => {
  const OVER = 2 * MINUTE;

  test("the owner's lease and a minute more are waited for; then the token is sent once, and its loss is named", async () => {
    const { b, id, sentAt, ...stage } = await orphaned({ reuse });
    const wait = { kind: "retry_later", cause: "provider_unavailable", retryAt: sentAt + OVER };
    await expect(stage.passing(11 * SECOND, b.refresh(id))).resolves.toEqual(wait);
    await stage.clock.advance(OVER - 11 * SECOND - 1);
    await expect(b.refresh(id)).resolves.toEqual(wait);
    expect(stage.server.requests).toHaveLength(1);
    await stage.clock.advance(1);
    await expect(stage.passing(5 * SECOND, b.refresh(id))).resolves.toEqual({ kind: "ended" });
    expect(stage.server.requests).toHaveLength(2);
    expect((await stage.held(id)).connection.diagnosis).toEqual({
      cause: "rotation_lost",
      confidence: "likely",
      evidence: {
        code: "invalid_grant",
        description: "The refresh token is not valid.",
        answer_lost_at: sentAt,
        days_since_refresh: 0,
      },
    });
  });

  test("readers are served with the token that lives meanwhile", async () => {
    const { b, id, ...stage } = await orphaned({ reuse });
    await stage.clock.advance(30 * SECOND);
    await expect(b.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "ok" });
  });

  test("an owner that was only paused comes back within that time, and stores what it holds", async () => {
    const { a, b, ...stage } = await openInstances({ server: { reuse } });
    const id = await stage.connect();
    const gate = createGate();
    stage.server.script(takes(stage.clock, SECOND));
    a.store.hold("commit", gate);
    const paused = a.refresh(id);
    await stage.clock.advance(0);
    a.link.state = "down";
    b.sweep.start();
    await stage.clock.advance(110 * SECOND);
    a.link.state = "up";
    gate.open();
    await expect(stage.passing(SECOND, paused)).resolves.toEqual({ kind: "renewed" });
    await stage.clock.advance(MINUTE);
    expect(stage.server.requests).toHaveLength(1);
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });

  test("an owner on the same machine that provably ended is not waited for", async () => {
    const { b, id, ...stage } = await orphaned({ reuse }, { sameHost: true });
    await stage.passing(4 * SECOND, b.refresh(id));
    expect(stage.server.requests).toHaveLength(2);
    expect(b.observer.of("refresh.taken_over")).toHaveLength(1);
  });

  test.each([
    ["ended", 0],
    ["is silent", 11 * SECOND],
  ])("what an owner that %s left in its journal is brought to the store, and nothing is sent", async (kind, wait) => {
    const { a, b, ...stage } = await openInstances({ server: { reuse }, sameHost: true });
    const id = await stage.connect();
    a.store.before("commit", () => {
      if (kind === "ended") a.kill();
      else a.link.state = "down";
    });
    void a.refresh(id);
    await stage.clock.advance(wait);
    await expect(stage.passing(SECOND, b.refresh(id, { generation: 1 }))).resolves.toEqual({ kind: "renewed" });
    expect(await stage.tokensOf(id)).toEqual({ generation: 2, accessToken: "access-1-2", refreshToken: "refresh-1-2" });
    expect(stage.server.requests).toHaveLength(1);
    expect(b.observer.of("journal.replayed")).toEqual([{ connectionId: id, generation: 2 }]);
    expect(await stage.historyOf(id)).toEqual(["connected", "recovered_from_journal"]);
  });

  test("the journal of an owner that lives and is at it is left alone", async () => {
    const { a, b, ...stage } = await openInstances({ server: { reuse }, sameHost: true });
    const id = await stage.connect();
    const gate = createGate();
    a.store.hold("commit", gate);
    const first = a.refresh(id);
    await stage.clock.advance(0);
    const second = b.refresh(id);
    await stage.clock.advance(5 * SECOND);
    expect((await stage.held(id)).tokens.generation).toBe(1);
    gate.open();
    await stage.passing(SECOND, Promise.all([first, second]));
    expect(b.observer.of("journal.replayed")).toEqual([]);
  });
});

describe("a replay window", () => {
  test("that closes before the silence is noticed leaves only the long wait", async () => {
    const { b, id, sentAt, ...stage } = await orphaned({ reuse: { windowMs: 8 * SECOND } });
    await expect(stage.passing(11 * SECOND, b.refresh(id))).resolves.toMatchObject({ retryAt: sentAt + 2 * MINUTE });
    expect(stage.server.requests).toHaveLength(1);
  });

  test("is counted from the first send, not from the last", async () => {
    const { a, b, ...stage } = await openInstances({ server: { reuse: { windowMs: MINUTE } } });
    const id = await stage.connect();
    const sentAt = stage.clock.now();
    stage.server.script(takes(stage.clock, 50 * SECOND), waitsFor(createGate()));
    await stage.passing(50 * SECOND, a.refresh(id));
    await stage.clock.advance(5 * SECOND);
    void a.refresh(id);
    await stage.clock.advance(0);
    expect(stage.server.requests).toHaveLength(2);
    const killedAt = stage.clock.now();
    a.kill();
    await expect(stage.passing(11 * SECOND, b.refresh(id))).resolves.toMatchObject({ retryAt: killedAt + 2 * MINUTE });
    expect((await stage.held(id)).lease.attemptAt).toBe(sentAt);
  });
});
