import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createEngine } from "../stage/engine.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers, fails, takes, waitsFor } from "../stage/plays.ts";
import { TENANT } from "../stage/world.ts";

describe("a token with enough life", () => {
  test("is answered at once, without a request and from memory", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const token = await stage.read(id);
    expect(token).toMatchObject({ generation: 1, tokenType: "Bearer", refreshState: "ok", connectionId: id });
    expect(token.accessToken.reveal()).toBe("access-1-1");
    expect(token.scope).toEqual(["files.read", "files.write"]);
    for (let read = 0; read < 100; read++) await stage.read(id);
    expect(stage.server.requests).toHaveLength(0);
    expect(stage.store.calls("snapshot")).toBe(1);
  });

  test("is read once for a thousand concurrent readers", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const tokens = await Promise.all(Array.from({ length: 1000 }, () => stage.read(id)));
    expect(new Set(tokens.map(({ accessToken }) => accessToken.reveal()))).toEqual(new Set(["access-1-1"]));
    expect(stage.store.calls("snapshot")).toBe(1);
  });

  test("that is not known to expire is answered without end", async () => {
    const stage = await openEngineStage({ server: { lifetimeSeconds: null } });
    const id = await stage.connect();
    await stage.clock.advance(400 * 24 * HOUR);
    await expect(stage.read(id, HOUR)).resolves.toMatchObject({ expiresAt: null, refreshState: "ok" });
    expect(stage.server.requests).toHaveLength(0);
  });

  test("inside its lead is answered at once and refreshed behind the reader's back, once", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const gate = createGate();
    stage.server.script(waitsFor(gate));
    await stage.clock.advance(51 * MINUTE);
    const tokens = await Promise.all(Array.from({ length: 50 }, () => stage.read(id)));
    expect(tokens.map(({ refreshState }) => refreshState)).toEqual(Array(50).fill("refreshing"));
    expect(new Set(tokens.map(({ generation }) => generation))).toEqual(new Set([1]));
    gate.open();
    await stage.clock.advance(0);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
    expect(stage.server.requests).toHaveLength(1);
    expect((await stage.held(id)).tokens.origin).toBe("ahead");
  });

  test("is answered although the refresh behind the reader's back fails to start", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.clock.advance(51 * MINUTE);
    stage.store.fail("claim");
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 1 });
    await stage.clock.advance(0);
    expect(stage.observer.of("refresh.failed")).toEqual([{ connectionId: id, code: "store_unavailable" }]);
  });
});

describe("a token with too little life", () => {
  test("makes the reader wait for the next one", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.clock.advance(59.5 * MINUTE);
    stage.server.script(takes(stage.clock, 3 * SECOND));
    const read = stage.read(id);
    await stage.clock.advance(3 * SECOND);
    await expect(read).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  });

  test("costs one request however many wait", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    await stage.clock.advance(HOUR);
    const tokens = await Promise.all(Array.from({ length: 1000 }, () => stage.read(id)));
    expect(new Set(tokens.map(({ accessToken }) => accessToken.reveal()))).toEqual(new Set(["access-1-2"]));
    expect(stage.server.requests).toHaveLength(1);
  });

  test("that the sweep is waiting for a turn with is waited for as long as if the reader had come first", async () => {
    const stage = await openEngineStage();
    const provider = await stage.catalogue.find("provider");
    if (!provider) throw new Error("The stage has no provider.");
    await stage.catalogue.put({ ...provider, pace: { per_second: 1000, concurrent: 1 } });
    const [slow, id] = [await stage.connect(), await stage.connect()];
    await stage.clock.advance(HOUR);
    stage.server.script(takes(stage.clock, 10 * SECOND));
    const first = stage.refresh(slow);
    await stage.clock.advance(0);
    const swept = stage.refresh(id, { origin: "ahead" });
    await stage.clock.advance(SECOND);
    const read = stage.read(id);
    await expect(stage.passing(10 * SECOND, read)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
    await Promise.all([first, swept]);
  });

  test("is waited for fifteen seconds; the exchange goes on, and its result is stored", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.clock.advance(HOUR);
    stage.server.script(takes(stage.clock, 25 * SECOND));
    let answered = false;
    const read = stage
      .read(id)
      .catch((error: unknown) => error)
      .finally(() => (answered = true));
    await stage.clock.advance(15 * SECOND - 1);
    expect(answered).toBe(false);
    await stage.clock.advance(1);
    expect(await read).toMatchObject({ code: "refresh_timeout", facts: { connectionId: id, retryAfterMs: SECOND } });
    await stage.clock.advance(10 * SECOND);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
    expect(stage.server.requests).toHaveLength(1);
  });

  test("that still lives is answered when fifteen seconds are over, marked as being refreshed", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.clock.advance(59 * MINUTE + 30 * SECOND);
    stage.server.script(takes(stage.clock, 25 * SECOND));
    const read = stage.read(id);
    await stage.clock.advance(15 * SECOND);
    await expect(read).resolves.toMatchObject({ generation: 1, refreshState: "refreshing" });
  });

  test.each([
    ["an outage", answers(503, ""), "provider_unavailable", "provider_unavailable"],
    ["a limit", answers(429, ""), "provider_unavailable", "provider_rate_limited"],
    ["nonsense", answers(404, "<html>"), "provider_unavailable", "provider_response_unrecognised"],
    ["a blocked address", fails("blocked_address", { sent: false }), "provider_unavailable", "network_policy"],
    ["a refused client", answers(401, { error: "invalid_client" }), "client_suspended", "client_secret_rejected"],
  ])(
    "that lives is answered as failing under %s, and a dead one with the reason and when to ask again",
    async (...args) => {
      const [, play, code, reason] = args;
      const stage = await openEngineStage();
      const id = await stage.connect();
      stage.server.always(play);
      await stage.clock.advance(59.5 * MINUTE);
      await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "failing" });
      await expect(stage.read(id, 0)).resolves.toMatchObject({ generation: 1 });
      await stage.clock.advance(30 * SECOND);
      const error = await stage.read(id).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code, facts: { reason, connectionId: id } });
      expect(error).toMatchObject({ facts: { retryAfterMs: expect.toSatisfy((wait) => wait >= SECOND) } });
    },
  );

  test("is answered as failing while it lives when the store takes no writes", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.clock.advance(59.5 * MINUTE);
    stage.store.fail("claim", 2);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "failing" });
    expect(stage.observer.of("refresh.failed")).toEqual([{ connectionId: id, code: "store_unavailable" }]);
    await stage.clock.advance(30 * SECOND);
    await expect(stage.read(id)).rejects.toMatchObject({ code: "store_unavailable" });
    expect(stage.server.requests).toHaveLength(0);
  });

  test("is asked for again at the next read once the failure has passed", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(answers(503, ""));
    await stage.clock.advance(59.5 * MINUTE);
    await stage.read(id);
    await stage.clock.advance(5 * SECOND);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  });
});

describe("after a refresh, readers get", () => {
  test("its token, also when somebody else's load of the one before is still under way", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const [answered, loaded] = [createGate(), createGate()];
    stage.server.script(waitsFor(answered));
    await stage.clock.advance(HOUR);
    const waiting = stage.read(id);
    await stage.clock.advance(6 * SECOND);
    stage.store.holdAnswer("snapshot", loaded);
    const slow = stage.read(id);
    await stage.clock.advance(0);
    answered.open();
    await stage.clock.advance(0);
    loaded.open();
    await expect(waiting).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
    await expect(slow).resolves.toMatchObject({ generation: 2 });
    expect(stage.server.requests).toHaveLength(1);
  });

  test("the token of another instance within five seconds, and without a request of their own", async () => {
    const stage = await openEngineStage();
    const other = createEngine(stage);
    const id = await stage.connect();
    await stage.read(id);
    await other.refresher.refresh({ connectionId: id, generation: 1, origin: "ahead" });
    await stage.clock.advance(5 * SECOND);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
    expect(stage.server.requests).toHaveLength(1);
  });
});

describe("a connection that is over", () => {
  test("costs nothing, however often it is read, and says who must act and where", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.revoke("refresh-1-1");
    await stage.refresh(id);
    const { length } = stage.server.requests;
    stage.sweep.start();
    for (let read = 0; read < 10_000; read++) {
      if (read % 100 === 0) await stage.clock.advance(MINUTE);
      await expect(stage.read(id)).rejects.toMatchObject({ code: "reauthorization_required" });
    }
    expect(stage.server.requests).toHaveLength(length);
    await expect(stage.read(id)).rejects.toMatchObject({
      facts: {
        reason: "unknown",
        whoActs: "user",
        connectionId: id,
        reauthorizationUrl: `https://evergrant.example/reauthorize/${id}`,
      },
    });
  });

  test("gives no token although its access token would live on", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.read(id);
    stage.server.script(answers(400, { error: "invalid_grant" }));
    await stage.refresh(id);
    expect(stage.accessTokens.recall({ tenantId: TENANT, connectionId: id, minTtlMs: 0 })).toBeUndefined();
    await expect(stage.read(id)).rejects.toMatchObject({ code: "reauthorization_required" });
  });
});

test("a connection that is over says so although the key is away: nothing has to be opened for that", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  stage.server.revoke("refresh-1-1");
  await stage.refresh(id);
  stage.sealer.away = true;
  await expect(stage.read(id)).rejects.toMatchObject({ code: "reauthorization_required" });
});

test.each(["unknown", "of another tenant"])("a connection that is %s is not found", async (kind) => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  const request =
    kind === "unknown" ? { tenantId: TENANT, connectionId: "con_no" } : { tenantId: "x", connectionId: id };
  await stage.read(id);
  const failure = { code: "not_found", message: "There is no such connection.", facts: {} };
  await expect(stage.accessTokens.read({ ...request, minTtlMs: 0 })).rejects.toMatchObject(failure);
  await expect(
    stage.accessTokens.rejected({ ...request, generation: 1, status: 401, challenge: null }),
  ).rejects.toMatchObject(failure);
  expect(stage.accessTokens.recall({ ...request, minTtlMs: 0 })).toBeUndefined();
});

test("a key that is away is said to be away, and the provider is not asked", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  stage.sealer.away = true;
  await expect(stage.read(id)).rejects.toMatchObject({
    code: "key_unavailable",
    facts: { reason: "key_unavailable", whoActs: "operator", connectionId: id },
  });
  expect(stage.observer.of("refresh.failed")).toEqual([{ connectionId: id, code: "key_unavailable" }]);
  expect(stage.server.requests).toHaveLength(0);
});
