import { describe, expect, test } from "vitest";
import type { RefreshResult } from "../../src/refresh/request.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { answers, fails, losesItsAnswer, type Play } from "../stage/plays.ts";

/** Lets back-offs pass, however long they are, and the second thoughts of a rejection. */
async function refreshAfterBackoff(stage: EngineStage, id: string) {
  await stage.clock.advance(5 * MINUTE);
  return stage.passing(3 * SECOND, stage.refresh(id));
}

const REJECTED = answers(400, { error: "invalid_grant", error_description: "Token has been expired or revoked." });

describe("tokens", () => {
  test("a replaced refresh token is stored with the access token that came with it", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await expect(stage.refresh(id, { origin: "reader" })).resolves.toEqual({ kind: "renewed" });
    const stored = await stage.tokensOf(id);
    expect(stored).toEqual({ generation: 2, accessToken: "access-1-2", refreshToken: "refresh-1-2" });
    expect(await stage.historyOf(id)).toEqual(["connected", "refreshed"]);
    expect(stage.observer.of("refresh.succeeded")).toMatchObject([{ generation: 2, rotated: true, origin: "reader" }]);
    const { connection, lease, tokens } = await stage.held(id);
    expect(connection.lastProvenAt).toBe(stage.clock.now());
    expect(tokens.origin).toBe("reader");
    expect(lease).toMatchObject({ failures: 0, backoffUntil: 0, attemptGeneration: null, attemptAt: null });
    expect(stage.observer.of("connection.recovered")).toEqual([]);
  });

  test("when the refresh token was last replaced is remembered over answers that leave it", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const first = stage.clock.now();
    await stage.refresh(id);
    await stage.clock.advance(MINUTE);
    stage.server.script(answers(200, { access_token: "a", expires_in: 60 }));
    await stage.refresh(id);
    expect((await stage.held(id)).tokens).toMatchObject({ generation: 3, rotatedAt: first });
  });

  test("what was said of the refresh token's end holds for as long as that token", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const end = stage.clock.now() + 7200 * SECOND;
    stage.server.script(answers(200, { access_token: "a", expires_in: 60, refresh_token_expires_in: 7200 }));
    await stage.refresh(id);
    stage.server.script(answers(200, { access_token: "b", expires_in: 60 }));
    await stage.refresh(id);
    expect((await stage.held(id)).tokens).toMatchObject({ generation: 3, refreshExpiresAt: end });
    await stage.refresh(id);
    expect((await stage.held(id)).tokens).toMatchObject({ generation: 4, refreshExpiresAt: null });
  });

  test("a lifetime that the answer leaves out is the one that the provider is known for", async () => {
    const stage = await openEngineStage({ server: { lifetimeSeconds: null } });
    const provider = await stage.catalogue.find("provider");
    if (!provider) throw new Error("The stage has no provider.");
    const lifetimes = { ...provider.lifetimes, access_seconds: 900 };
    await stage.catalogue.put({ ...provider, lifetimes });
    const id = await stage.connect();
    await stage.refresh(id);
    expect((await stage.held(id)).tokens.expiresAt).toBe(stage.clock.now() + 900 * SECOND);
  });

  test.each([
    ["absent", {}],
    ["null", { refresh_token: null }],
    ["empty", { refresh_token: "" }],
    ["blank", { refresh_token: "  " }],
    ["the one that was sent", { refresh_token: "refresh-1-1" }],
  ])("a refresh token that is %s keeps the stored one, three times in a row", async (_, field) => {
    const stage = await openEngineStage({ server: { rotation: false } });
    const id = await stage.connect();
    stage.server.always(answers(200, { access_token: "new", expires_in: 7198, ...field }));
    for (let round = 0; round < 3; round++) await stage.refresh(id);
    expect(await stage.tokensOf(id)).toEqual({ generation: 4, accessToken: "new", refreshToken: "refresh-1-1" });
    expect(stage.server.requests.map(({ refreshToken }) => refreshToken)).toEqual(Array(3).fill("refresh-1-1"));
    expect(stage.observer.of("refresh.succeeded")).toMatchObject(Array.from({ length: 3 }, () => ({ rotated: false })));
  });

  test("granted scopes follow the answer, and stay where it is silent", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(answers(200, { access_token: "a", expires_in: 60, scope: "files.read" }));
    await stage.refresh(id);
    expect((await stage.held(id)).connection.grantedScopes).toEqual(["files.read"]);
    stage.server.script(answers(200, { access_token: "b", expires_in: 60 }));
    await stage.refresh(id);
    expect((await stage.held(id)).connection.grantedScopes).toEqual(["files.read"]);
  });
});

describe("an answer that is no success leaves the stored token set untouched, byte by byte", () => {
  const cases: [string, RefreshResult["kind"], Play][] = [
    ["HTML with 200", "retry_later", answers(200, "<html>Log in to the hotel's network</html>")],
    ["an empty object with 200", "retry_later", answers(200, {})],
    ["an error with 200", "retry_later", answers(200, { error: "invalid_request" })],
    ["an empty body with 200", "retry_later", answers(200, "")],
    ["tokens with 500", "retry_later", answers(500, { access_token: "x", refresh_token: "y" })],
    ["an error with 400", "retry_later", answers(400, { error: "invalid_request" })],
    ["an unknown error with 400", "retry_later", answers(400, { error: "please_try_again" })],
    ["a rejection with 503", "retry_later", answers(503, { error: "invalid_grant" })],
    ["a redirect", "retry_later", answers(302, "")],
    ["a rejection", "ended", REJECTED],
    ["a refused client", "client_suspended", answers(401, { error: "invalid_client" })],
    ["an outage", "retry_later", answers(503, "")],
    ["a refused connection", "retry_later", fails("refused", { sent: false })],
    ["a lost answer", "retry_later", fails("reset", { sent: true })],
  ];

  test.each(cases)("%s, which means %s", async (_, kind, play) => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const before = await stage.held(id);
    stage.server.script(play);
    const result = await stage.refresh(id);
    expect(result.kind).toBe(kind);
    const { tokens, connection } = await stage.held(id);
    expect(tokens).toEqual(before.tokens);
    const status = { ended: "reauthorization_required", client_suspended: "suspended" } as const;
    expect(connection.status).toBe(kind in status ? Reflect.get(status, kind) : "active");
  });
});

describe("a rejection", () => {
  test("ends the connection, says what is known, and keeps the sealed token", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.revoke("refresh-1-1");
    const before = await stage.held(id);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "ended" });
    const { connection, lease, tokens } = await stage.held(id);
    expect(connection.status).toBe("reauthorization_required");
    expect(connection.diagnosis).toEqual({
      cause: "unknown",
      confidence: "possible",
      evidence: {
        code: "invalid_grant",
        description: "The refresh token is not valid.",
        answer_lost_at: null,
        days_since_refresh: 0,
      },
    });
    expect(await stage.historyOf(id)).toEqual(["connected", "reauthorization_required"]);
    expect(stage.observer.of("connection.reauthorization_required")).toHaveLength(1);
    expect(tokens).toEqual(before.tokens);
    expect(lease).toMatchObject({ dueAt: null, backoffUntil: 0, failures: 0, attemptGeneration: null });
    await expect(refreshAfterBackoff(stage, id)).resolves.toEqual({ kind: "ended" });
    expect(stage.server.requests).toHaveLength(1);
  });

  test("does not condemn a connection whose generation moved while the answer was under way", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const other = { ...(await stage.held(id)).tokens, generation: 2 };
    stage.server.script(REJECTED);
    stage.store.before("reject", async () => {
      await stage.connections.recover({ connectionId: id, tokens: other, dueAt: 1, history: [] });
    });
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    const { connection, lease } = await stage.held(id);
    expect(connection).toMatchObject({ status: "active", diagnosis: null });
    expect(lease.dueAt).toBe(1);
    expect(stage.observer.of("connection.reauthorization_required")).toEqual([]);
    expect(await stage.historyOf(id)).toEqual(["connected"]);
  });
});

describe("a lost answer", () => {
  test("backs off, and is noted as such", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const sentAt = stage.clock.now();
    stage.server.script(losesItsAnswer);
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later", cause: "provider_unavailable" });
    const { connection, lease } = await stage.held(id);
    expect(connection.status).toBe("active");
    expect(lease).toMatchObject({ failures: 1, attemptGeneration: 1, attemptAt: sentAt });
    expect(await stage.historyOf(id)).toEqual(["connected", "answer_lost"]);
  });

  test("and a rejection after it mean a lost rotation, not a user who revoked", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const sentAt = stage.clock.now();
    stage.server.script(losesItsAnswer);
    await stage.refresh(id);
    await expect(refreshAfterBackoff(stage, id)).resolves.toEqual({ kind: "ended" });
    expect((await stage.held(id)).connection.diagnosis).toMatchObject({
      cause: "rotation_lost",
      confidence: "likely",
      evidence: { answer_lost_at: sentAt },
    });
  });

  test.each<[string, Play[]]>([
    ["an outage", [answers(503, "")]],
    ["a request that was not sent", [fails("dns", { sent: false })]],
    ["a refused client", [answers(401, { error: "invalid_client" })]],
    ["several of them", [answers(503, ""), fails("refused", { sent: false }), answers(429, "")]],
  ])("is remembered over %s until the token is rejected or replaced", async (_, between) => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const sentAt = stage.clock.now();
    stage.server.script(losesItsAnswer, ...between);
    await stage.refresh(id);
    for (let i = 0; i < between.length; i++) await refreshAfterBackoff(stage, id);
    await refreshAfterBackoff(stage, id);
    expect((await stage.held(id)).connection.diagnosis).toMatchObject({
      cause: "rotation_lost",
      evidence: { answer_lost_at: sentAt },
    });
  });

  test("is forgotten once the token brought another; a later rejection is then the user's", async () => {
    const stage = await openEngineStage({ server: { reuse: { windowMs: 10 * MINUTE } } });
    const id = await stage.connect();
    stage.server.script(losesItsAnswer);
    await stage.refresh(id);
    await expect(refreshAfterBackoff(stage, id)).resolves.toEqual({ kind: "renewed" });
    stage.server.revoke("refresh-1-1");
    await expect(refreshAfterBackoff(stage, id)).resolves.toEqual({ kind: "ended" });
    expect((await stage.held(id)).connection.diagnosis).toMatchObject({ cause: "unknown" });
  });

  test("an answered outage alone is no evidence of a lost rotation", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(answers(503, ""));
    await stage.refresh(id);
    stage.server.revoke("refresh-1-1");
    await refreshAfterBackoff(stage, id);
    expect((await stage.held(id)).connection.diagnosis).toMatchObject({ cause: "unknown" });
  });
});

describe("a passing failure", () => {
  test("is tried again when its back-off is over, not before", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(answers(503, ""));
    const result = await stage.refresh(id);
    if (result.kind !== "retry_later") throw new Error(`It came to ${result.kind}.`);
    const { lease } = await stage.held(id);
    expect(lease).toMatchObject({ backoffUntil: result.retryAt, dueAt: result.retryAt, failures: 1 });
    await stage.clock.advance(result.retryAt - stage.clock.now() - 1);
    await stage.refresh(id);
    expect(stage.server.requests).toHaveLength(1);
    await stage.clock.advance(1);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  });

  test("degrades the connection the third time in a row, once, and a success recovers it", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(...Array.from({ length: 5 }, () => answers(503, "")));
    const statuses: string[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      await refreshAfterBackoff(stage, id);
      statuses.push((await stage.held(id)).connection.status);
    }
    expect(statuses).toEqual(["active", "active", "degraded", "degraded", "degraded", "active"]);
    const failures = ["refresh_failed", "refresh_failed", "refresh_failed", "degraded"];
    expect(await stage.historyOf(id)).toEqual(["connected", ...failures, "refreshed", "recovered"]);
    expect(stage.observer.of("connection.degraded")).toMatchObject([
      { connectionId: id, cause: "provider_unavailable" },
    ]);
    expect(stage.observer.of("connection.recovered")).toHaveLength(1);
    expect((await stage.held(id)).connection.diagnosis).toBeNull();
  });

  test("says what is wrong while it lasts", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(answers(503, ""), answers(503, ""), answers(503, ""), answers(429, "", SECOND));
    for (let attempt = 0; attempt < 4; attempt++) await refreshAfterBackoff(stage, id);
    expect((await stage.held(id)).connection.diagnosis).toEqual({
      cause: "provider_rate_limited",
      confidence: "certain",
      evidence: { code: "http_429_empty", failures: 4 },
    });
  });

  test.each([429, 503])("with %d and Retry-After is not tried again before that", async (status) => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(answers(status, "", 20 * MINUTE));
    await stage.refresh(id);
    expect((await stage.held(id)).lease.backoffUntil).toBe(stage.clock.now() + 20 * MINUTE);
  });

  test("under a permanent outage costs ever fewer requests", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.always(answers(500, ""));
    stage.sweep.start();
    await stage.clock.advance(45 * MINUTE);
    await stage.clock.advance(120 * MINUTE);
    expect(stage.server.requests.length).toBeGreaterThan(24);
    expect(stage.server.requests.length).toBeLessThan(90);
    expect((await stage.held(id)).connection.status).toBe("degraded");
  });
});
