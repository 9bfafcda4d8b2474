import { describe, expect, test } from "vitest";
import { SECOND } from "../../src/runtime/clock.ts";
import { createInstance, openEngineStage } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers, losesItsAnswer, waitsFor } from "../stage/plays.ts";

const HISTORY = { kind: "disconnected", generation: 1, detail: {} } as const;

describe("one exchange for everybody", () => {
  test("a thousand concurrent callers lead to one token request and all get its result", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    const results = await Promise.all(Array.from({ length: 1000 }, () => stage.refresh(id, { generation: 1 })));
    expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(["renewed"]));
    expect(stage.server.requests).toHaveLength(1);
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });

  test("connections are refreshed side by side", async () => {
    const stage = await openEngineStage();
    const gate = createGate();
    const ids = [await stage.connect(), await stage.connect()];
    stage.server.always(waitsFor(gate));
    const both = Promise.all(ids.map((id) => stage.refresh(id)));
    await stage.clock.advance(0);
    expect(stage.server.requests).toHaveLength(2);
    gate.open();
    await both;
  });

  test("three refreshes in a row send each refresh token once, in the order they were issued", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    for (let round = 0; round < 3; round++) await stage.refresh(id);
    const sent = stage.server.requests.map(({ refreshToken }) => refreshToken);
    expect(sent).toEqual(["refresh-1-1", "refresh-1-2", "refresh-1-3"]);
    expect((await stage.tokensOf(id)).refreshToken).toBe("refresh-1-4");
    expect(stage.server.accepts("refresh-1-4")).toBe(true);
  });

  test("connections never get each other's tokens", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const ids = await Promise.all(Array.from({ length: 20 }, () => stage.connect()));
    const families = await Promise.all(ids.map(async (id) => familyOf((await stage.tokensOf(id)).refreshToken)));
    for (let round = 0; round < 5; round++) {
      await Promise.all(ids.flatMap((id) => [stage.refresh(id), stage.refresh(id), stage.read(id)]));
    }
    const after = await Promise.all(ids.map((id) => stage.tokensOf(id)));
    expect(after.map(({ refreshToken }) => familyOf(refreshToken))).toEqual(families);
    expect(after.map(({ accessToken }) => familyOf(accessToken))).toEqual(families);
    expect(stage.server.reuses()).toBe(0);
  });
});

function familyOf(token: string | undefined): string | undefined {
  return token?.split("-")[1];
}

describe("nothing is sent", () => {
  test("when a later generation than the one found wanting is stored", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.refresh(id);
    await expect(stage.refresh(id, { generation: 1 })).resolves.toEqual({ kind: "renewed" });
    expect(stage.server.requests).toHaveLength(1);
  });

  test("when another instance has committed between the look and the claim", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    const other = createInstance(stage);
    stage.store.before("claim", async () => void (await other.refresh(id)));
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect(stage.server.requests).toHaveLength(1);
    expect(stage.server.reuses()).toBe(0);
  });

  test("when the connection is disconnected between the look and the claim", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.store.before("claim", () => stage.connections.disconnect(id, HISTORY));
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "ended" });
    expect(stage.server.requests).toHaveLength(0);
  });

  test("when the store does not take the claim; the next attempt goes through", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    stage.store.fail("claim");
    await expect(stage.refresh(id)).rejects.toMatchObject({ code: "store_unavailable" });
    expect(stage.server.requests).toHaveLength(0);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  });

  test("when the connection cannot be read", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.store.fail("snapshot");
    await expect(stage.refresh(id, { generation: 1 })).rejects.toMatchObject({ code: "store_unavailable" });
    expect(stage.server.requests).toHaveLength(0);
  });

  test("while the last failure is backed off from, whoever asks", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(answers(503, "busy"));
    const first = await stage.refresh(id);
    const second = await stage.refresh(id, { origin: "manual" });
    expect(second).toEqual(first);
    expect(stage.server.requests).toHaveLength(1);
    expect(stage.store.calls("claim")).toBe(1);
  });

  test("for a connection that waits for an operator's decision after a restore", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const diagnosis = { cause: "restored_from_backup", confidence: "possible", evidence: {} } as const;
    const history = { kind: "held_after_restore", generation: 1, detail: {} } as const;
    await stage.connections.setStatus({ connectionId: id, generation: 1, status: "degraded", diagnosis, history });
    const retryAt = stage.clock.now() + 60 * SECOND;
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "retry_later", cause: "restored_from_backup", retryAt });
    await stage.clock.advance(3600 * SECOND);
    await expect(stage.read(id)).rejects.toMatchObject({ code: "connection_held", facts: { whoActs: "operator" } });
    expect(stage.server.requests).toHaveLength(0);
  });

  test("for a connection that is over or unknown", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.connections.disconnect(id, HISTORY);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "ended" });
    await expect(stage.refresh("con_unknown", { generation: 1 })).rejects.toMatchObject({ code: "not_found" });
    expect(stage.server.requests).toHaveLength(0);
  });
});

describe("a connection without a refresh token", () => {
  test("stays as it is while its access token lives", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect({ withoutRefreshToken: true });
    await stage.clock.advance(3599 * SECOND);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "unchanged" });
    expect((await stage.held(id)).connection.status).toBe("active");
  });

  test("ends with its access token, and says why", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect({ withoutRefreshToken: true });
    const expiresAt = stage.clock.now() + 3600 * SECOND;
    await stage.clock.advance(3600 * SECOND);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "ended" });
    const { connection } = await stage.held(id);
    expect(connection.status).toBe("reauthorization_required");
    expect(connection.diagnosis).toEqual({
      cause: "refresh_token_missing",
      confidence: "certain",
      evidence: { expired_at: expiresAt },
    });
    expect(stage.server.requests).toHaveLength(0);
  });
});

describe("a key that is away", () => {
  test("makes the connection wait, sends nothing and condemns nobody, however often it happens", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.sealer.away = true;
    for (let attempt = 0; attempt < 5; attempt++) {
      const result = await stage.refresh(id);
      expect(result).toMatchObject({ kind: "retry_later", cause: "key_unavailable" });
      await stage.clock.advance(300 * SECOND);
    }
    const { connection, lease } = await stage.held(id);
    expect(connection).toMatchObject({ status: "degraded", diagnosis: { cause: "key_unavailable" } });
    expect(lease.attemptGeneration).toBeNull();
    expect(stage.server.requests).toHaveLength(0);
    stage.sealer.away = false;
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  });
});

describe("ending", () => {
  test("drain resolves when what was sent is answered and stored, not before", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const gate = createGate();
    stage.server.script(waitsFor(gate));
    void stage.refresh(id);
    await stage.clock.advance(0);
    let drained = false;
    const drain = stage.refresher.drain().then(() => (drained = true));
    await stage.clock.advance(SECOND);
    expect(drained).toBe(false);
    gate.open();
    await drain;
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });

  test("drain resolves although what it waits for fails", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const gate = createGate();
    stage.server.script(waitsFor(gate, losesItsAnswer));
    const error = new Error("a programming error");
    stage.store.fail("postpone", 1, error);
    const refresh = Promise.allSettled([stage.refresh(id)]);
    await stage.clock.advance(0);
    const drain = stage.refresher.drain();
    gate.open();
    await expect(drain).resolves.toBeUndefined();
    expect(await refresh).toEqual([{ status: "rejected", reason: error }]);
  });
});
