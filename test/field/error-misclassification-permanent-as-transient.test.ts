import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { connectionView } from "../../src/api/connection-view.ts";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { codeOf } from "../../src/runtime/service-error.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { answers } from "../stage/plays.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { later } from "./later.ts";
import { expectEnded, logged, sentTo } from "./outcome.ts";

const REVOKED = '{"error":"invalid_grant","error_description":"Token has been expired or revoked."}';

test("airbyte-auth-errors-not-flagged-as-config: a dead refresh token is the user's matter, with what to do, and alarms no operator", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("google"), server: { rotation: false } });
  const id = await stage.connect();
  stage.server.always(answers(400, REVOKED));
  await stage.clock.leap(HOUR);
  await expect(stage.passing(MINUTE, stage.read(id))).rejects.toMatchObject({
    code: "reauthorization_required",
    message: expect.stringContaining("a new consent of the user"),
    facts: { whoActs: "user", connectionId: id, reauthorizationUrl: expect.stringContaining(id) },
  });
  const { connection } = await stage.held(id);
  expect(connectionView(connection)).toMatchObject({
    id,
    account: { id: `account-of-${id}` },
    diagnosis: {
      who_acts: "user",
      user_sentence: expect.stringContaining("sign in again"),
      evidence: { code: "invalid_grant", description: "Token has been expired or revoked." },
    },
  });
  expect(logged(stage, "warn").join()).toContain("connection.reauthorization_required");
  expect(logged(stage, "error")).toEqual([]);
});

test("blanket-except-hides-rejected-refresh: each of eighteen calls hears of the rejection, and it is reported once", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  stage.server.always(answers(400, { error: "invalid_grant" }));
  for (let batch = 0; batch < 3; batch++) {
    const calls = await Promise.allSettled(Array.from({ length: 18 }, () => stage.read(id)));
    const heard = calls.map((call) => (call.status === "rejected" ? codeOf(call.reason) : "success"));
    expect(heard).toEqual(Array.from({ length: 18 }, () => "reauthorization_required"));
    await stage.clock.leap(5 * MINUTE);
  }
  expect(stage.server.requests).toHaveLength(1);
  expect(stage.observer.of("connection.reauthorization_required")).toHaveLength(1);
  expect(await stage.historyOf(id)).toEqual(["connected", "reauthorization_required"]);
  await expectEnded(stage, id, { cause: "unknown" });
});

// The API says "Bad credentials" to a token that has hours to live, and the refresh token is dead as well.
test("github-dead-token-client-rebuilt: the last access token is not given to anybody once its connection has ended", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("github-app-user"), server: { lifetimeSeconds: 28_800 } });
  const id = await stage.connect();
  const first = await stage.read(id);
  expect(first.expiresAt).toBeGreaterThan(stage.clock.now() + 7 * HOUR);
  stage.server.always(answers(200, { error: "bad_refresh_token" }));
  const ended = { code: "reauthorization_required", facts: { whoActs: "user" } };
  await expect(stage.rejected(id, first.generation)).rejects.toMatchObject(ended);
  for (let call = 0; call < 5; call++) {
    await expect(stage.read(id, 0)).rejects.toMatchObject(ended);
    await expect(stage.rejected(id, first.generation)).rejects.toMatchObject(ended);
    await stage.clock.leap(10 * MINUTE);
  }
  expect(sentTo(stage.server)).toEqual(["refresh-1-1"]);
});

/** A connection whose user took the consent back, after the service has found out. */
async function withDeadGrant(stage: Stage): Promise<string> {
  const { connectionId } = await stage.connect("alice");
  await stage.sandbox.control.revokeUser("alice");
  await later(stage, HOUR);
  await expect.poll(async () => (await stage.token(connectionId)).status).toBe(409);
  return connectionId;
}

test("session-error-flag-written-never-read: the end of a grant is in the state, the list, the history, the log and every refused read", async () => {
  const stage = await openStage();
  const id = await withDeadGrant(stage);
  const ended = { id, status: "reauthorization_required", diagnosis: { cause: "unknown", who_acts: "user" } };
  expect((await stage.api("GET", `/v1/connections/${id}`)).body).toMatchObject(ended);
  expect((await stage.api("GET", "/v1/connections")).body).toMatchObject({ connections: [ended] });
  const history = await stage.api("GET", `/v1/connections/${id}/history?limit=1`);
  expect(history.body).toMatchObject({ history: [{ kind: "reauthorization_required" }] });
  const events = stage.log.filter((line) => line.includes('"event":"connection.reauthorization_required"'));
  expect(events.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ connectionId: id, level: "warn" }),
  ]);
  const refused = await stage.token(id);
  expect(refused.body).toMatchObject({ status: 409, code: "reauthorization_required", connection_id: id });
  expect(refused.at("reauthorization_url")).toContain(id);
});

test("spring-retries-expired-refresh-token-forever: a dead token is sent once, its connection is kept, and reconnecting starts it again", async () => {
  const stage = await openStage();
  const id = await withDeadGrant(stage);
  const before = await stage.api("GET", `/v1/connections/${id}`);
  for (let call = 0; call < 10; call++) expect((await stage.token(id)).status).toBe(409);
  expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 1 });
  expect(before.body).toMatchObject({ account: expect.anything(), diagnosis: { evidence: { code: "invalid_grant" } } });

  await createScriptedUser({ user: "alice" }).visit((await stage.token(id)).at("reauthorization_url"));
  expect((await stage.token(id)).body).toMatchObject({ connection_id: id, generation: 2, refresh_state: "ok" });
  const after = await stage.api("GET", `/v1/connections/${id}`);
  expect(after.body).toMatchObject({ status: "active", diagnosis: null, failures: 0 });
  const refreshed = await stage.api("POST", `/v1/connections/${id}/refresh`);
  expect(refreshed.body).toMatchObject({ status: "active", generation: 3 });
  expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 2, reuseDetected: 0 });
});
