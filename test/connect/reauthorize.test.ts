import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import type { Answer } from "../stage/api.ts";
import { garble } from "../stage/garble.ts";
import { openStage, type Stage } from "../stage/stage.ts";

/** A connection whose user took the consent back, after the service has found out. */
async function revoked(stage: Stage): Promise<string> {
  const { connectionId } = await stage.connect("alice");
  await stage.sandbox.control.revokeUser("alice");
  await stage.clock.leap(55 * 60_000);
  await expect.poll(async () => (await stage.token(connectionId)).status).toBe(409);
  return connectionId;
}

/** An entry that does not ask for offline access. */
function onlineEntry(issuer: string, identity: "id_token" | "none"): Record<string, unknown> {
  return {
    name: "Sandbox without offline access",
    issuer,
    authorization_url: `${issuer}/authorize`,
    token_url: `${issuer}/token`,
    identity_scopes: ["openid"],
    identity: { from: identity },
  };
}

/** Alice consents again, and this time the provider gives no refresh token. */
async function reconnectOnline(stage: Stage, connection: string): Promise<Answer> {
  const online = await stage.api("PUT", "/v1/providers/sandbox", onlineEntry(stage.sandbox.url, "id_token"));
  expect(online.status).toBe(200);
  const session = await stage.api("POST", "/v1/connect-sessions", { connection });
  await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
  return stage.api("GET", `/v1/connect-sessions/${session.at("id")}`);
}

test("a revoked connection says so with a cause and a link, and 10,000 further reads ask the provider nothing", async () => {
  const stage = await openStage();
  const connectionId = await revoked(stage);
  const refused = await stage.token(connectionId);
  expect(refused.body).toMatchObject({
    status: 409,
    code: "reauthorization_required",
    cause: "unknown",
    who_acts: "user",
    connection_id: connectionId,
  });
  expect(refused.at("reauthorization_url")).toContain(`/reauthorize/${connectionId}.`);
  const before = stage.sandbox.control.counts();
  for (let round = 0; round < 100; round++) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => stage.token(connectionId)));
    expect(answers.every(({ status }) => status === 409)).toBe(true);
  }
  await stage.clock.leap(2 * 3_600_000);
  expect(stage.sandbox.control.counts()).toEqual(before);
  expect(before.refreshRequests).toBe(1);
  const history = await stage.api("GET", `/v1/connections/${connectionId}/history?limit=1`);
  expect(history.body).toMatchObject({
    history: [{ kind: "reauthorization_required", detail: { code: "invalid_grant" } }],
  });
}, 60_000);

test("following the link heals the same connection", async () => {
  const stage = await openStage();
  const connectionId = await revoked(stage);
  const link = (await stage.token(connectionId)).at("reauthorization_url");
  const page = await createScriptedUser({ user: "alice" }).visit(link);
  expect(page.body).toContain("The account is connected");
  const token = await stage.token(connectionId);
  expect(token.body).toMatchObject({ connection_id: connectionId, generation: 2, refresh_state: "ok" });
  const connection = await stage.api("GET", `/v1/connections/${connectionId}`);
  expect(connection.body).toMatchObject({ status: "active", diagnosis: null, end_user: "user-alice" });
  expect((await stage.api("GET", "/v1/connections")).body).toMatchObject({ connections: [{ id: connectionId }] });
});

test("another account is refused, and what the connection had still works", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const before = await stage.token(connectionId);
  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  const page = await createScriptedUser({ user: "bob" }).visit(link.at("url"));
  expect(page.status).toBe(400);
  expect(page.body).toContain("Sign in with that account");
  expect((await stage.token(connectionId)).body).toEqual(before.body);
  await stage.clock.leap(55 * 60_000);
  await expect.poll(async () => (await stage.token(connectionId)).body).toMatchObject({ generation: 2 });
});

test("a failed reauthorization leaves a working connection as it was", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const before = await stage.token(connectionId);
  stage.sandbox.control.change({ tokenEndpointFault: { kind: "status", status: 500 } });
  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  expect((await createScriptedUser({ user: "alice" }).visit(link.at("url"))).status).toBe(400);
  expect((await stage.token(connectionId)).body).toEqual(before.body);
});

test("a consent that brings no refresh token does not take a working one away", async () => {
  const stage = await openStage({ behaviour: { offlineAccessRequired: true } });
  const { connectionId } = await stage.connect("alice");
  await reconnectOnline(stage, connectionId);
  await stage.clock.leap(55 * 60_000);
  await expect.poll(async () => (await stage.token(connectionId)).body).toMatchObject({ refresh_state: "ok" });
  expect((await stage.api("GET", `/v1/connections/${connectionId}`)).body).toMatchObject({ status: "active" });
});

const OFFLINE_ACCESS = { scopes: ["offline_access"], parameters: { prompt: "consent" } };
const NO_OFFLINE_ACCESS = { status: "completed", problem: { code: "refresh_token_missing" } };

// Whoever consented may be somebody else, and the next refresh would act as the one before.
test("a consent that may be of another account keeps no refresh token of the one before", async () => {
  const stage = await openStage({
    behaviour: { offlineAccessRequired: true },
    provider: (issuer) => ({ ...onlineEntry(issuer, "none"), offline_access: OFFLINE_ACCESS }),
  });
  const { connectionId, session: first } = await stage.connect("alice");
  expect(first.body).toMatchObject({ status: "completed", problem: null });
  // That this consent names its account says nothing of the one before.
  const session = await reconnectOnline(stage, connectionId);
  expect(session.body).toMatchObject(NO_OFFLINE_ACCESS);
  expect((await stage.api("GET", `/v1/connections/${connectionId}`)).body).toMatchObject({
    status: "degraded",
    account: { id: "alice" },
    diagnosis: { cause: "refresh_token_missing" },
  });
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 2 });
  await stage.clock.leap(2 * 3_600_000);
  expect((await stage.token(connectionId)).body).toMatchObject({ cause: "refresh_token_missing" });
  expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 0 });
});

test("a consent without a refresh token replaces a token set that no key opens", async () => {
  const stage = await openStage({ behaviour: { offlineAccessRequired: true } });
  const { connectionId } = await stage.connect("alice");
  await garble(stage, connectionId);
  expect((await reconnectOnline(stage, connectionId)).body).toMatchObject(NO_OFFLINE_ACCESS);
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 2 });
  const connection = await stage.api("GET", `/v1/connections/${connectionId}`);
  expect(connection.body).toMatchObject({ status: "degraded", diagnosis: { cause: "refresh_token_missing" } });
});

test("more scopes can be asked for, and the old ones are asked for again", async () => {
  const stage = await openStage({ client: { scopes: ["files.read"] } });
  const { connectionId } = await stage.connect("alice");
  expect((await stage.api("GET", `/v1/connections/${connectionId}`)).body).toMatchObject({
    granted_scopes: expect.not.arrayContaining(["files.write"]),
  });
  const session = await stage.api("POST", "/v1/connect-sessions", {
    connection: connectionId,
    scopes: ["files.write"],
  });
  await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
  expect((await stage.api("GET", `/v1/connections/${connectionId}`)).body).toMatchObject({
    id: connectionId,
    granted_scopes: expect.arrayContaining(["files.read", "files.write", "offline_access"]),
  });
});

test("a link that was changed, or is older than a week, leads nowhere", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  const url = link.at("url");
  const [base = "", day = "", signature = ""] = url.split(/\.(?=[^.]*(?:\.[^.]*)?$)/);
  for (const wrong of [`${base}.${Number(day) + 1}.${signature}`, `${url}x`, `${base}.${day}.`, `${base}.${day}`]) {
    expect((await fetch(wrong, { redirect: "manual" })).status).toBe(404);
  }
  expect((await fetch(url, { redirect: "manual" })).status).toBe(302);
  await stage.clock.leap(9 * 24 * 3_600_000);
  const late = await fetch(url, { redirect: "manual" });
  expect(late.status).toBe(400);
  expect(await late.text()).toContain("expired");
});

test("the account is named to the provider, so that the right one is offered", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const session = await stage.api("POST", "/v1/connect-sessions", { connection: connectionId });
  const left = await fetch(session.at("connect_url"), { redirect: "manual" });
  const request = new URL(left.headers.get("location") ?? "").searchParams;
  expect(request.get("login_hint")).toContain("alice");
  expect(request.get("code_challenge_method")).toBe("S256");
  expect(request.get("nonce")).toMatch(/^[\w-]{43}$/);
});
