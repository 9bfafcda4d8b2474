import { describe, expect, test } from "vitest";
import type { Consent } from "../../src/connection/store.ts";
import { sealTokenSet } from "../../src/connection/token-record.ts";
import type { TokenSet } from "../../src/oauth/token-set.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { secret } from "../../src/runtime/secret.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers, fails, waitsFor } from "../stage/plays.ts";
import { TENANT } from "../stage/world.ts";

describe("a store that is down when the answer comes", () => {
  test("is asked again until it takes the tokens, and no second request is made", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    const downFor = 12;
    stage.store.fail("commit", downFor);
    const result = stage.refresh(id, { generation: 1 });
    for (let i = 0; i < downFor; i++) {
      expect((await stage.tokensOf(id)).refreshToken).toBe("refresh-1-1");
      await stage.clock.advance(i < 6 ? 100 * 2 ** i : 5 * SECOND);
    }
    await expect(result).resolves.toEqual({ kind: "renewed" });
    expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
    expect((await stage.read(id)).accessToken.reveal()).toBe("access-1-2");
    expect(stage.server.requests).toHaveLength(1);
    expect(stage.observer.of("refresh.commit_retried")).toHaveLength(downFor);
  });

  test("while the journal does not take them either keeps them from everybody until it has them", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    stage.server.script((act) => {
      stage.journal.broken = true;
      return act();
    });
    stage.store.fail("commit", 3);
    const result = stage.refresh(id, { generation: 1 });
    for (let i = 0; i < 3; i++) {
      await stage.clock.advance(i && 100 * 2 ** (i - 1));
      expect((await stage.read(id)).accessToken.reveal()).toBe("access-1-1");
    }
    await expect(stage.passing(400, result)).resolves.toEqual({ kind: "renewed" });
    expect((await stage.read(id)).accessToken.reveal()).toBe("access-1-2");
  });

  test("or slow makes readers without a living token wait for what is stored, not for what is answered", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const gate = createGate();
    stage.store.hold("commit", gate);
    await stage.clock.advance(60 * MINUTE);
    let answered = false;
    const read = stage.read(id).finally(() => (answered = true));
    await stage.clock.advance(3 * SECOND);
    expect(stage.server.requests).toHaveLength(1);
    expect(answered).toBe(false);
    gate.open();
    await expect(read).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  });

  test("for an hour still loses nothing", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    stage.store.fail("commit", 700);
    const result = stage.refresh(id);
    await stage.clock.advance(60 * MINUTE);
    await expect(result).resolves.toEqual({ kind: "renewed" });
    expect(stage.server.accepts((await stage.tokensOf(id)).refreshToken ?? "")).toBe(true);
    expect(stage.server.requests).toHaveLength(1);
  });

  test.each([
    ["postpone", "an outage", answers(503, ""), { failures: 1, attemptGeneration: null }],
    ["postpone", "a lost answer", fails("reset", { sent: true }), { failures: 1, attemptGeneration: 1 }],
    [
      "release",
      "a refused client",
      answers(401, { error: "invalid_client" }),
      { owner: null, attemptGeneration: null },
    ],
    ["spares", "a rejection", answers(400, { error: "invalid_grant" }), { dueAt: null }],
    ["reject", "a rejection", answers(400, { error: "invalid_grant" }), { dueAt: null }],
  ] as const)("and fails at %s is asked again until it knows of %s; nothing is sent meanwhile", async (...args) => {
    const [method, , play, noted] = args;
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(play);
    stage.store.fail(method, 4);
    const result = stage.refresh(id);
    await stage.clock.advance(SECOND);
    expect((await stage.held(id)).lease).toMatchObject({ owner: stage.instanceId, failures: 0 });
    expect(stage.server.requests).toHaveLength(1);
    await stage.passing(SECOND, result);
    expect((await stage.held(id)).lease).toMatchObject(noted);
    expect(stage.server.requests).toHaveLength(1);
  });

  test.each(["commit", "postpone", "reject", "release"] as const)(
    "after it took a %s whose answer was lost finds it done, once",
    async (method) => {
      const stage = await openEngineStage();
      const id = await stage.connect();
      const play = { postpone: answers(503, ""), reject: REJECTED, release: answers(401, { error: "invalid_client" }) };
      if (method !== "commit") stage.server.script(play[method]);
      stage.store.loseAnswer(method);
      await stage.passing(4 * SECOND, stage.refresh(id));
      const { connection, tokens, lease } = await stage.held(id);
      const { status } = connection;
      const found = { generation: tokens.generation, status, failures: lease.failures, owner: lease.owner };
      expect(found).toEqual({ owner: null, ...AFTER[method] });
      expect(stage.server.requests).toHaveLength(1);
      expect((await stage.historyOf(id)).length).toBeLessThanOrEqual(2);
    },
  );
});

test("a key that is away when the answer comes is waited for, and no second request is made", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  stage.server.script((act) => {
    stage.sealer.away = true;
    return act();
  });
  const refresh = stage.refresh(id);
  await stage.clock.advance(MINUTE);
  stage.sealer.away = false;
  await expect(stage.passing(5 * SECOND, refresh)).resolves.toEqual({ kind: "renewed" });
  expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
  expect(stage.server.requests).toHaveLength(1);
});

const REJECTED = answers(400, { error: "invalid_grant" });

const AFTER = {
  commit: { generation: 2, status: "active", failures: 0 },
  postpone: { generation: 1, status: "active", failures: 1 },
  reject: { generation: 1, status: "reauthorization_required", failures: 0 },
  release: { generation: 1, status: "suspended", failures: 0 },
};

describe("a refresh that was overtaken", () => {
  test("by a reauthorization does not replace its tokens; what it brought is kept aside", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const gate = createGate();
    stage.server.script(waitsFor(gate));
    const refresh = stage.refresh(id);
    await stage.clock.advance(0);
    await reauthorize(stage, id);
    gate.open();
    await expect(refresh).resolves.toEqual({ kind: "renewed" });
    expect(await stage.tokensOf(id)).toEqual({ generation: 2, accessToken: "new-access", refreshToken: "new-refresh" });
    expect((await stage.held(id)).connection.account?.id).toBe("reauthorized");
    expect(await stage.connections.spares(id)).toMatchObject([{ tokens: { generation: 2 } }]);
    expect(stage.observer.of("refresh.superseded")).toEqual([{ connectionId: id, generation: 1, kept: true }]);
    expect(stage.observer.of("refresh.succeeded")).toEqual([]);
  });

  test.each([
    ["with tokens", undefined],
    ["with a rejection", answers(400, { error: "invalid_grant" })],
    ["with an outage", answers(503, "")],
    ["not at all", fails("reset", { sent: true })],
  ])("by a disconnect stays disconnected when it is answered %s", async (_, play) => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const gate = createGate();
    stage.server.script(waitsFor(gate, play));
    const refresh = stage.refresh(id);
    await stage.clock.advance(0);
    await stage.connections.disconnect(id, { kind: "disconnected", generation: 1, detail: {} });
    gate.open();
    await refresh;
    const { connection, tokens, lease } = await stage.held(id);
    expect(connection.status).toBe("disconnected");
    expect(tokens).toMatchObject({ sealedAccessToken: null, sealedRefreshToken: null });
    expect(lease).toMatchObject({ dueAt: null, failures: 0 });
    expect(await stage.historyOf(id)).toEqual(["connected", "disconnected"]);
    await expect(stage.read(id)).rejects.toMatchObject({ code: "connection_disconnected" });
  });
});

/** A person consents again. */
async function reauthorize(stage: EngineStage, id: string): Promise<void> {
  const { connection } = await stage.held(id);
  const consent: Consent = { ...connection, account: { id: "reauthorized", label: null } };
  const tokens = await sealTokenSet(stage.keyring, { tenantId: TENANT, connectionId: id }, consented(stage), {
    generation: 2,
    origin: "connect",
  });
  await stage.connections.reauthorize({ connectionId: id, tokens, dueAt: 1, history: [] }, consent);
}

function consented({ clock }: EngineStage): TokenSet {
  const lives = { obtainedAt: clock.now(), expiresAt: clock.now() + 60 * MINUTE, refreshExpiresAt: null };
  const tokens = { accessToken: secret("new-access"), refreshToken: secret("new-refresh") };
  return { ...tokens, ...lives, tokenType: "Bearer", scope: [], answerFields: {}, dpopKey: null };
}
