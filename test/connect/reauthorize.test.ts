import { createHmac } from "node:crypto";
import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { readLink } from "../../src/connect/reauthorization-link.ts";
import { DAY } from "../../src/runtime/clock.ts";
import { secret } from "../../src/runtime/secret.ts";
import type { Answer } from "../stage/api.ts";
import { garble } from "../stage/garble.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { openRaw } from "../stage/raw-database.ts";
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
  const [base = "", day = "", epoch = "", signature = ""] = url.split(/\.(?=[^.]*(?:\.[^.]*){0,2}$)/);
  const changed = [`${Number(day) + 1}.${epoch}`, `${day}.${Number(epoch) + 1}`, `${day}.${epoch}.may_change`, day];
  const wrong = changed.map((claim) => `${base}.${claim}.${signature}`);
  for (const each of [...wrong, `${url}x`, `${base}.${day}.${epoch}.`, `${base}.${day}.${epoch}`, `${base}.${day}`]) {
    expect([each, (await fetch(each, { redirect: "manual" })).status]).toEqual([each, 404]);
    expect([each, (await fetch(each, { method: "POST", redirect: "manual" })).status]).toEqual([each, 404]);
  }
  expect((await fetch(url, { redirect: "manual" })).status).toBe(200);
  await stage.clock.leap(9 * 24 * 3_600_000);
  const late = await fetch(url, { redirect: "manual" });
  expect(late.status).toBe(400);
  expect(await late.text()).toContain("expired");
});

test("whoever only looks at a link starts nothing, and is told what has happened", async () => {
  const stage = await openStage();
  const connectionId = await revoked(stage);
  const link = (await stage.token(connectionId)).at("reauthorization_url");
  const sessions = () => rows(stage, "select count(*) from connect_sessions");
  const before = sessions();
  for (const method of ["HEAD", "GET", "GET"]) expect((await fetch(link, { method })).status).toBe(200);
  const text = await (await fetch(link)).text();
  expect(text).toContain("<bdi>alice@sandbox.example</bdi> at <bdi>Sandbox</bdi> stopped working on");
  expect(text).toContain("The access to your account has ended.");
  expect(text).toContain("You will be sent to <bdi>Sandbox</bdi> to sign in with <bdi>alice@sandbox.example</bdi>");
  const german = await (await fetch(link, { headers: { "accept-language": "de-AT,en;q=0.5" } })).text();
  expect(german).toContain(`<html lang="de" dir="ltr">`);
  expect(german).toContain("<bdi>alice@sandbox.example</bdi> bei <bdi>Sandbox</bdi> funktioniert seit dem");
  expect(sessions()).toBe(before);
  // Nor does whoever asks for the headers of a connect link.
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  const head = await fetch(session.at("connect_url"), { method: "HEAD", redirect: "manual" });
  expect([head.status, head.headers.get("location"), head.headers.getSetCookie()]).toEqual([200, null, []]);
  expect((await stage.api("GET", `/v1/connect-sessions/${session.at("id")}`)).body).toMatchObject({
    status: "created",
  });
  expect((await fetch(session.at("connect_url"), { redirect: "manual" })).status).toBe(302);
});

test("a link of a connection that works says so, and one that only the operator can help asks for nothing", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const link = (await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`)).at("url");
  expect(await (await fetch(link)).text()).toContain("You do not have to do anything.");
  await stage.sandbox.control.rotateClientSecret("evergrant", "a-secret-that-nobody-told-us");
  await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
  for (const method of ["GET", "POST"]) {
    const text = await (await fetch(link, { method })).text();
    expect(text).toContain("only the people who run this service can put it right");
    expect(text).not.toContain("<form");
  }
  expect(rows(stage, "select count(*) from connect_sessions where connection_id is null")).toBe(0);
});

test("links are revoked together, and the next ones are others", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const path = `/v1/connections/${connectionId}/reauthorization-link`;
  const first = (await stage.api("POST", path)).at("url");
  const choosing = (await stage.api("POST", path, { account: "may_change" })).at("url");
  expect((await stage.api("DELETE", path)).status).toBe(204);
  for (const link of [first, choosing]) {
    for (const method of ["GET", "POST"]) {
      const answer = await fetch(link, { method });
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("was withdrawn")]);
    }
  }
  const second = (await stage.api("POST", path)).at("url");
  expect((await fetch(second)).status).toBe(200);
  expect((await stage.api("GET", "/v1/audit?act=connection.links_revoked")).body).toMatchObject({
    entries: [{ object: connectionId, act: "connection.links_revoked" }],
  });
});

test("disconnecting revokes the links, also for when the connection comes back", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const link = (await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`)).at("url");
  await stage.api("DELETE", `/v1/connections/${connectionId}`);
  const ended = await fetch(link);
  expect([ended.status, await ended.text()]).toEqual([404, expect.stringContaining("This connection was ended.")]);
  const session = await stage.api("POST", "/v1/connect-sessions", { connection: connectionId });
  await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
  expect((await stage.api("GET", `/v1/connections/${connectionId}`)).body).toMatchObject({ status: "active" });
  expect((await fetch(link)).status).toBe(400);
});

test("a link of the earlier form is good until it expires or is revoked", () => {
  const clock = createManualClock(20_000 * DAY);
  const linkKey = secret(new Uint8Array(32));
  const claim = "con_1.20003";
  const signature = createHmac("sha256", new Uint8Array(32)).update(`reauthorize.${claim}`).digest("base64url");
  const token = `${claim}.${signature}`;
  expect(readLink({ clock, linkKey }, token)).toEqual({ connectionId: "con_1", epoch: 0, account: "same" });
  const later = createManualClock(20_003 * DAY);
  expect(() => readLink({ clock: later, linkKey }, token)).toThrow("expired");
});

/** A number out of the database. */
function rows({ settings }: Stage, query: string): unknown {
  const database = openRaw(`${settings.dataDir}/evergrant.db`, { readonly: true });
  const found = database.value(query);
  database.close();
  return found;
}

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
