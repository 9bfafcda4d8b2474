import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { HOUR, SECOND } from "../../src/runtime/clock.ts";
import { writeClaimsChallenge } from "../../src/oauth/claims-challenge.ts";
import { consent, depart } from "../field/browser.ts";
import { startScriptedProvider, tokens, type ScriptedProvider } from "../field/scripted-provider.ts";
import { openStage, type Stage } from "../stage/stage.ts";

/** What an API of the sandbox says to the connection's current token. */
async function call(stage: Stage, id: string, path: string): Promise<number> {
  const authorization = `Bearer ${(await stage.token(id)).at("access_token")}`;
  return (await fetch(`${stage.sandbox.url}${path}`, { headers: { authorization } })).status;
}

const read = (stage: Stage, id: string) => call(stage, id, "/api/files");
/** 404: it may, and there is no such upload. */
const write = (stage: Stage, id: string) => call(stage, id, "/api/uploads/none");

async function connectionOf(stage: Stage, id: string) {
  return stage.api("GET", `/v1/connections/${id}`);
}

/** Rounds in which connections are compared with what their client requires. */
async function compared(stage: Stage, id: string, status: string) {
  await expect
    .poll(async () => {
      await stage.clock.advance(6 * SECOND);
      return (await connectionOf(stage, id)).at("status");
    })
    .toBe(status);
  return connectionOf(stage, id);
}

test("a client that requires more degrades its connections; the old scope works throughout, and after the consent the new one does", async () => {
  const stage = await openStage({ client: { scopes: ["files.read"] } });
  const { connectionId: id } = await stage.connect("alice");
  expect([await read(stage, id), await write(stage, id)]).toEqual([200, 403]);
  const path = `/v1/clients/${stage.clientId}`;
  expect((await stage.api("PATCH", path, { settings: { required_scopes: ["files.write"] } })).status).toBe(200);
  const degraded = await compared(stage, id, "degraded");
  expect(degraded.body).toMatchObject({
    missing_scopes: ["files.write"],
    diagnosis: { cause: "scope_insufficient", who_acts: "user", evidence: { missing: "files.write" } },
  });
  expect((await stage.token(id)).body).toMatchObject({ refresh_state: "ok", missing_scopes: ["files.write"] });
  // A refresh that works does not end it.
  await stage.clock.leap(HOUR);
  await expect.poll(async () => (await stage.token(id)).body).toMatchObject({ generation: 2 });
  expect((await connectionOf(stage, id)).at("status")).toBe("degraded");
  expect(await read(stage, id)).toBe(200);
  const page = await createScriptedUser({ user: "alice" }).visit(degraded.at("reauthorization_url"));
  expect(page.body).toContain("The account is connected");
  expect((await connectionOf(stage, id)).body).toMatchObject({
    status: "active",
    diagnosis: null,
    missing_scopes: [],
    reauthorization_url: null,
    granted_scopes: expect.arrayContaining(["files.read", "files.write"]),
  });
  expect([await read(stage, id), await write(stage, id)]).toEqual([200, 404]);
  expect((await stage.token(id)).body).not.toHaveProperty("missing_scopes");
  const { body } = await stage.api("GET", `/v1/connections/${id}/history`);
  expect(body).toMatchObject({
    history: [
      { kind: "reauthorized" },
      { kind: "refreshed" },
      { kind: "degraded", detail: { change: expect.stringMatching(/^chg_/) } },
      { kind: "connected" },
    ],
  });
});

test("what one connection needs is said of it alone, and a lowered requirement heals it", async () => {
  const stage = await openStage({ client: { scopes: ["files.read"] } });
  const { connectionId: id } = await stage.connect("alice");
  const raised = await stage.api("PATCH", `/v1/connections/${id}`, { required_scopes: ["files.write"] });
  expect(raised.body).toMatchObject({ status: "degraded", required_scopes: ["files.write"] });
  const lowered = await stage.api("PATCH", `/v1/connections/${id}`, { required_scopes: ["files.read"] });
  expect(lowered.body).toMatchObject({ status: "active", required_scopes: ["files.read"], missing_scopes: [] });
});

interface Scripted {
  stage: Stage;
  provider: ScriptedProvider;
  /** What is granted from now on. */
  grant: (scope: string) => void;
}

async function openScripted(entry: Record<string, unknown> = {}): Promise<Scripted> {
  const provider = await startScriptedProvider();
  const { origin } = provider;
  const urls = { authorization_url: `${origin}/authorize`, token_url: `${origin}/token` };
  const identity = { userinfo_url: `${origin}/userinfo`, identity: { from: "userinfo" } };
  const stage = await openStage({ provider: () => ({ name: "Elsewhere", ...urls, ...identity, ...entry }) });
  const grant = (scope: string): void => {
    provider.token = () => ({ body: { ...tokens(provider.tokenRequests.length), scope } });
  };
  return { stage, provider, grant };
}

test("a user who allows less than is required hears of it on the page, and the application in the session", async () => {
  const { stage, grant } = await openScripted();
  grant("files.read");
  const request = { client: stage.clientId, required_scopes: ["mail.read"] };
  const { session, page } = await consent(stage, request);
  expect(session.body).toMatchObject({
    status: "completed",
    problem: { code: "scope_insufficient", missing: ["mail.read"] },
  });
  expect(page.body).toContain("not for everything");
  expect(page.body).toContain("mail.read");
  const id = session.at("connection_id");
  expect((await connectionOf(stage, id)).body).toMatchObject({ status: "degraded", required_scopes: ["mail.read"] });
  expect((await stage.token(id)).status).toBe(200);
});

test("a link asks for what was granted, asked for and required, once each, with what the provider wants for a union", async () => {
  const scope_upgrade = { parameters: { include_granted_scopes: "true" } };
  const { stage, provider, grant } = await openScripted({
    scope_upgrade,
    scope_aliases: { "https://scopes.example/mail": "mail" },
  });
  grant("files.read https://scopes.example/mail extra");
  const { session } = await consent(stage, { client: stage.clientId, scopes: ["mail"] });
  expect(provider.authorizations[0]?.has("include_granted_scopes")).toBe(false);
  const connection = session.at("connection_id");
  await stage.api("PATCH", `/v1/connections/${connection}`, { required_scopes: ["more"] });
  const { authorization } = await depart(stage, { connection });
  expect(authorization.get("scope")?.split(" ").toSorted()).toEqual([
    "extra",
    "files.read",
    "files.write",
    "mail",
    "more",
  ]);
  expect(authorization.get("include_granted_scopes")).toBe("true");
});

test.each([
  ["lives on, stays in use", false, ["files.read", "files.write"], 1],
  ["ends, is replaced", true, ["files.read"], 2],
  ["may have ended, is replaced", null, ["files.read"], 2],
])("where a user allows less than before, the token set before, which %s", async (_how, ends, granted, generation) => {
  const { stage, grant } = await openScripted({ scope_upgrade: { ends_earlier_tokens: ends } });
  grant("files.read files.write");
  const connection = (await consent(stage)).session.at("connection_id");
  grant("files.read");
  const { session } = await consent(stage, { connection });
  expect(session.body).toMatchObject({ status: "completed", problem: { code: "scope_insufficient" } });
  expect((await connectionOf(stage, connection)).body).toMatchObject({
    status: generation === 1 ? "active" : "degraded",
    granted_scopes: granted,
    missing_scopes: generation === 1 ? [] : ["files.write"],
    generation,
  });
  expect((await stage.token(connection)).status).toBe(200);
});

const CLAIMS = '{"access_token":{"nbf":{"essential":true}}}';

test("a claims challenge travels to the sign-in that its link leads to, and is over after it", async () => {
  const { stage, provider } = await openScripted({ claims_parameter: ["authorization"] });
  const id = (await consent(stage)).session.at("connection_id");
  const encoded = writeClaimsChallenge(CLAIMS);
  const refused = await stage.api("POST", `/v1/connections/${id}/access-token/rejected`, {
    generation: 1,
    status: 401,
    www_authenticate: `Bearer error="insufficient_claims", claims="${encoded}"`,
  });
  expect(refused.body).toMatchObject({
    status: 409,
    code: "reauthorization_required",
    cause: "interaction_required",
    who_acts: "user",
    claims: encoded,
  });
  expect(provider.tokenRequests).toHaveLength(1);
  expect((await connectionOf(stage, id)).body).toMatchObject({ status: "degraded" });
  expect((await stage.token(id)).status).toBe(200);
  await createScriptedUser({ user: "alice" }).visit(refused.at("reauthorization_url"));
  expect(provider.authorizations.map((asked) => asked.get("claims"))).toEqual([null, CLAIMS]);
  expect((await connectionOf(stage, id)).body).toMatchObject({ status: "active", reauthorization_url: null });
});

test("connections are listed by how long nobody has proven them", async () => {
  const stage = await openStage();
  const { connectionId: first } = await stage.connect("alice");
  await stage.clock.leap(HOUR);
  const { connectionId: second } = await stage.connect("bob");
  await stage.api("POST", `/v1/connections/${first}/check`);
  const list = async (query: string) => {
    const { text } = await stage.api("GET", `/v1/connections?${query}`);
    return [...text.matchAll(/"id":"(con_\w+)"/g)].map((match) => match[1]);
  };
  await stage.clock.leap(SECOND);
  await stage.api("POST", `/v1/connections/${first}/check`);
  expect(await list("sort=last_proven_at")).toEqual([second, first]);
  const since = new Date(stage.clock.now()).toISOString();
  expect(await list(`proven_before=${since}`)).toEqual([second]);
  expect((await stage.api("GET", "/v1/connections?proven_before=yesterday")).status).toBe(400);
});
