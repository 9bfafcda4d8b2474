import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { startPageServer } from "../stage/page-server.ts";
import { openStage, type Stage } from "../stage/stage.ts";

const plainProvider = (issuer: string) => ({
  name: "Plain",
  issuer,
  authorization_url: `${issuer}/authorize`,
  token_url: `${issuer}/token`,
});

test("an account is connected and gives a working access token", async () => {
  const stage = await openStage();
  const { connectionId, session, page } = await stage.connect("alice");
  expect(page.status).toBe(200);
  expect(page.body).toContain("Connected");
  expect(session.body).toMatchObject({ status: "completed", problem: null, end_user: "user-alice" });
  const token = await stage.token(connectionId);
  expect(token.body).toMatchObject({
    connection_id: connectionId,
    generation: 1,
    refresh_state: "ok",
    token_type: "Bearer",
  });
  expect(await filesStatus(stage, token.at("access_token"))).toBe(200);
  const connection = await stage.api("GET", `/v1/connections/${connectionId}`);
  expect(connection.body).toMatchObject({
    status: "active",
    provider: "sandbox",
    account: { id: "alice" },
    diagnosis: null,
  });
});

test("a token is refreshed ahead of its end, with nobody asking", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  await stage.clock.leap(55 * 60_000);
  await expect.poll(() => stage.sandbox.control.counts().refreshesSucceeded).toBe(1);
  await expect
    .poll(async () => (await stage.token(connectionId)).body)
    .toMatchObject({ generation: 2, refresh_state: "ok" });
});

test("with `confirm`, the code is exchanged only when the application says who came back, and once", async () => {
  const returnUrl = `${await startPageServer()}/back?kept=1`;
  const stage = await openStage({ client: { settings: { return_urls: [returnUrl] } } });
  const request = { client: stage.clientId, end_user: "user-1", return_url: returnUrl };
  const started = await stage.api("POST", "/v1/connect-sessions", request);
  const back = new URL((await createScriptedUser({ user: "alice" }).visit(started.at("connect_url"))).url);
  expect(back.searchParams.get("kept")).toBe("1");
  expect(back.searchParams.get("connect_session")).toBe(started.at("id"));
  expect(back.searchParams.get("status")).toBe("authorized");
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(0);

  const path = `/v1/connect-sessions/${started.at("id")}/complete`;
  const confirmation = back.searchParams.get("confirmation") ?? "";
  const wrongUser = await stage.api("POST", path, { end_user: "user-2", confirmation });
  expect(wrongUser.body).toMatchObject({ status: 409, code: "conflict" });
  const completed = await stage.api("POST", path, { end_user: "user-1", confirmation });
  expect(completed.body).toMatchObject({ status: "completed", problem: null });
  const again = await stage.api("POST", path, { end_user: "user-1", confirmation });
  expect(again.body).toEqual(completed.body);
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(1);
});

test("a session cannot be completed before the user is back", async () => {
  const stage = await openStage();
  const started = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  const early = await stage.api("POST", `/v1/connect-sessions/${started.at("id")}/complete`, {});
  expect(early.body).toMatchObject({ code: "conflict" });
});

test("a return URL has to be registered, exactly", async () => {
  const registered = "https://app.example/back";
  const stage = await openStage({ client: { settings: { return_urls: [registered] } } });
  for (const return_url of [`${registered}/`, `${registered}?a=1`, "https://evil.example/back"]) {
    const refused = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId, return_url });
    expect(refused.body).toMatchObject({ status: 400, code: "invalid_request" });
  }
});

test("a user who does not allow access connects nothing", async () => {
  const stage = await openStage();
  const started = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  const page = await createScriptedUser({ user: "alice", decision: "deny" }).visit(started.at("connect_url"));
  expect(page.status).toBe(400);
  expect(page.body).toContain("not allowed");
  const session = await stage.api("GET", `/v1/connect-sessions/${started.at("id")}`);
  expect(session.body).toMatchObject({ status: "failed", connection_id: null, problem: { code: "access_denied" } });
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(0);
});

test("a connection without a refresh token is reported at once, with what was missing", async () => {
  const stage = await openStage({ client: { settings: { offline_access: false } } });
  const { connectionId, session, page } = await stage.connect();
  expect(session.body).toMatchObject({
    status: "completed",
    problem: { code: "refresh_token_missing", missing: ["scope=offline_access", "prompt=consent"] },
  });
  expect(session.at("problem", "detail")).toContain("scope=offline_access, prompt=consent");
  expect(page.body).toContain("only for a short time");
  const connection = await stage.api("GET", `/v1/connections/${connectionId}`);
  expect(connection.body).toMatchObject({
    status: "degraded",
    diagnosis: { cause: "refresh_token_missing", who_acts: "user" },
  });
  expect((await stage.token(connectionId)).status).toBe(200);

  await stage.clock.advance(3_601_000);
  const late = await stage.token(connectionId);
  expect(late.body).toMatchObject({ status: 409, code: "reauthorization_required", cause: "refresh_token_missing" });
  expect(stage.sandbox.control.counts().refreshRequests).toBe(0);
});

test("offline access that was asked for and not given is said too", async () => {
  const stage = await openStage({ provider: plainProvider });
  const { session } = await stage.connect();
  expect(session.at("problem", "code")).toBe("refresh_token_missing");
  expect(session.at("problem", "detail")).toContain("Check that the client may use refresh tokens");
});

test("with `prove`, the first refresh is made at once", async () => {
  const stage = await openStage({ client: { settings: { prove: true } } });
  const { connectionId } = await stage.connect();
  expect(stage.sandbox.control.counts().refreshesSucceeded).toBe(1);
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 2 });
});

test("every account of a user becomes a connection of its own", async () => {
  const stage = await openStage();
  const alice = await stage.connect("alice");
  await stage.clock.advance(1);
  const bob = await stage.connect("bob");
  expect(alice.connectionId).not.toBe(bob.connectionId);
  const list = await stage.api("GET", "/v1/connections?limit=1");
  expect(list.at("next_after")).toBe(alice.connectionId);
  const rest = await stage.api("GET", `/v1/connections?after=${alice.connectionId}`);
  expect(rest.body).toMatchObject({ connections: [{ id: bob.connectionId }], next_after: null });
});

function filesStatus(stage: Stage, accessToken: string): Promise<number> {
  const headers = { authorization: `Bearer ${accessToken}` };
  return fetch(`${stage.sandbox.url}/api/files`, { headers }).then((response) => response.status);
}
