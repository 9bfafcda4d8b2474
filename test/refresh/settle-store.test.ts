import { describe, expect, test } from "vitest";
import type { Consent } from "../../src/connection/store.ts";
import { openAccessToken } from "../../src/connection/token-record.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers, fails, waitsFor } from "../stage/plays.ts";
import { TENANT } from "../stage/world.ts";

describe("a store that is down when the answer comes", () => {
  test("is asked again until it takes the tokens; nobody sees them before, and no second request is made", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    const downFor = 12;
    stage.store.fail("commit", downFor);
    const result = stage.refresh(id, { generation: 1 });
    for (let i = 0; i < downFor; i++) {
      expect((await stage.read(id)).accessToken.reveal()).toBe("access-1-1");
      expect((await stage.tokensOf(id)).refreshToken).toBe("refresh-1-1");
      await stage.clock.advance(i < 6 ? 100 * 2 ** i : 5 * SECOND);
    }
    await expect(result).resolves.toEqual({ kind: "renewed" });
    expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
    expect((await stage.read(id)).accessToken.reveal()).toBe("access-1-2");
    expect(stage.server.requests).toHaveLength(1);
    expect(stage.observer.of("refresh.commit_retried")).toHaveLength(downFor);
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
    ["postpone", answers(503, "")],
    ["setStatus", answers(400, { error: "invalid_grant" })],
    ["release", answers(401, { error: "invalid_client" })],
    ["postpone", fails("reset", { sent: true })],
  ] as const)("and fails at %s says so to the caller, and changes nothing", async (method, play) => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const before = await stage.held(id);
    stage.server.script(play);
    stage.store.fail(method);
    await expect(stage.refresh(id)).rejects.toMatchObject({ code: "store_unavailable" });
    const after = await stage.held(id);
    expect(after.connection).toEqual(before.connection);
    expect(after.tokens).toEqual(before.tokens);
    expect(after.lease).toMatchObject({ failures: 0, attemptGeneration: 1 });
  });
});

describe("a refresh that was overtaken", () => {
  test("by a reauthorization does not replace its tokens", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const gate = createGate();
    stage.server.script(waitsFor(gate));
    const refresh = stage.refresh(id);
    await stage.clock.advance(0);
    await reauthorize(stage, id);
    gate.open();
    await expect(refresh).resolves.toEqual({ kind: "renewed" });
    const { tokens, connection } = await stage.held(id);
    const owner = { tenantId: TENANT, connectionId: id };
    expect(tokens.generation).toBe(2);
    expect((await openAccessToken(stage.keyring, owner, { ...tokens, generation: 1 }))?.reveal()).toBe("access-1-1");
    expect(connection.account?.id).toBe("reauthorized");
    expect(stage.observer.of("refresh.superseded")).toEqual([{ connectionId: id, generation: 2 }]);
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

/** As if a person had consented again: the same sealed bytes as generation 2, and another account. */
async function reauthorize(stage: EngineStage, id: string): Promise<void> {
  const { tokens, connection } = await stage.held(id);
  const consent: Consent = { ...connection, account: { id: "reauthorized", label: null } };
  const commit = { connectionId: id, tokens: { ...tokens, generation: 2 }, dueAt: 1, history: [] };
  await stage.connections.reauthorize(commit, consent);
}
