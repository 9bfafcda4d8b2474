import { readFileSync } from "node:fs";
import { createScriptedUser } from "@evergrant/sandbox";
import { calculateJwkThumbprint, decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { HOUR } from "../../src/runtime/clock.ts";
import type { Answer } from "../stage/api.ts";
import { openStage, type Stage, type StageOptions } from "../stage/stage.ts";

/** A stage with a client whose tokens are bound to a key, as the sandbox demands it. */
async function openBound(demand: "bound" | "nonce", options: StageOptions = {}) {
  const stage = await openStage(options);
  const client = await stage.api("POST", "/v1/clients", {
    provider: "sandbox",
    client_id: "binder",
    dpop: true,
    scopes: ["files.read"],
    ...options.client,
  });
  expect(client.body).toMatchObject({ dpop: true });
  await stage.sandbox.control.putClient({
    clientId: "binder",
    clientSecret: "",
    redirectUris: [client.at("redirect_uri")],
    tokenEndpointAuthMethod: "none",
    dpop: demand,
  });
  return { stage, client: client.at("id") };
}

async function connect(stage: Stage, client: string): Promise<string> {
  const started = await stage.api("POST", "/v1/connect-sessions", { client, end_user: "user-alice" });
  await createScriptedUser({ user: "alice" }).visit(started.at("connect_url"));
  return (await stage.api("GET", `/v1/connect-sessions/${started.at("id")}`)).at("connection_id");
}

function askProof(stage: Stage, id: string, request: Record<string, unknown> = {}): Promise<Answer> {
  const url = `${stage.sandbox.url}/api/files?page_size=1#top`;
  return stage.api("POST", `/v1/connections/${id}/dpop-proof`, { method: "GET", url, ...request });
}

/** Calls the sandbox's API as a caller that was handed token and proof. */
async function callApi(stage: Stage, token: Answer, proof: string, scheme = "DPoP"): Promise<Response> {
  const headers = { authorization: `${scheme} ${token.at("access_token")}`, dpop: proof };
  return fetch(`${stage.sandbox.url}/api/files?page_size=1`, { headers });
}

describe.each(["bound", "nonce"] as const)("at a server that wants tokens to be %s", (demand) => {
  test("a connection lives through three rotations, and its token is taken by the API with a proof", async () => {
    const { stage, client } = await openBound(demand);
    const id = await connect(stage, client);
    for (const generation of [2, 3, 4]) {
      expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({
        status: "active",
        generation,
      });
    }
    expect(stage.sandbox.control.counts()).toMatchObject({ refreshesSucceeded: 3, reuseDetected: 0 });
    const token = await stage.token(id);
    expect(token.body).toMatchObject({ token_type: "DPoP", generation: 4 });
    const nonce = stage.sandbox.control.behaviour().apiNonce;
    const proof = await askProof(stage, id, demand === "nonce" ? { nonce } : {});
    expect(proof.body).toMatchObject({ connection_id: id, generation: 4 });
    expect(proof.headers.get("cache-control")).toBe("no-store");
    expect((await callApi(stage, token, proof.at("proof"))).status).toBe(200);
    expect((await callApi(stage, token, proof.at("proof"))).status).toBe(401);
    expect((await callApi(stage, token, (await askProof(stage, id)).at("proof"), "Bearer")).status).toBe(401);
  });

  test("a check presents the access token with a proof, and spends no refresh token", async () => {
    const { stage, client } = await openBound(demand);
    const id = await connect(stage, client);
    expect((await stage.api("POST", `/v1/connections/${id}/check`)).body).toMatchObject({ proven_by: "userinfo" });
    expect(stage.sandbox.control.counts().refreshRequests).toBe(0);
    expect((await stage.api("DELETE", `/v1/connections/${id}`)).body).toMatchObject({ revocation: "revoked" });
  });
});

describe("a nonce", () => {
  test("is asked for once: the next requests bring the newest", async () => {
    const { stage, client } = await openBound("nonce");
    const id = await connect(stage, client);
    expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(2);
    for (let n = 0; n < 2; n++) await stage.api("POST", `/v1/connections/${id}/refresh`);
    expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 2, refreshesSucceeded: 2 });
  });

  test("that a restart forgot is asked for again in the same claim, which spends nothing and is no failure", async () => {
    const { stage, client } = await openBound("nonce");
    const id = await connect(stage, client);
    await stage.restart();
    const refreshed = await stage.api("POST", `/v1/connections/${id}/refresh`);
    expect(refreshed.body).toMatchObject({ status: "active", generation: 2 });
    expect(stage.sandbox.control.counts()).toMatchObject({
      refreshRequests: 2,
      refreshesSucceeded: 1,
      reuseDetected: 0,
    });
    expect(stage.log.join("\n")).not.toContain("refresh.failed");
  });

  test("that the API changed is told with its 401, and the proof with it is taken", async () => {
    const { stage, client } = await openBound("nonce");
    const id = await connect(stage, client);
    stage.sandbox.control.change({ apiNonce: "api-nonce-2" });
    const token = await stage.token(id);
    const refused = await callApi(stage, token, (await askProof(stage, id, { nonce: "api-nonce-1" })).at("proof"));
    const challenge = refused.headers.get("www-authenticate") ?? "";
    expect([refused.status, challenge]).toEqual([401, expect.stringContaining("use_dpop_nonce")]);
    const nonce = refused.headers.get("dpop-nonce");
    expect((await callApi(stage, token, (await askProof(stage, id, { nonce })).at("proof"))).status).toBe(200);
    const report = { generation: 1, status: 401, www_authenticate: challenge };
    const rejected = await stage.api("POST", `/v1/connections/${id}/access-token/rejected`, report);
    expect(rejected.body).toMatchObject({ status: 400, detail: expect.stringContaining("DPoP-Nonce") });
    expect(stage.sandbox.control.counts().refreshRequests).toBe(0);
  });

  test("is in place of a clock: a service that is an hour ahead is told one, and goes on", async () => {
    const { stage, client } = await openBound("bound", { behaviour: { accessTokenLifetimeSeconds: 36_000 } });
    const id = await connect(stage, client);
    await stage.clock.leap(HOUR);
    expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({ generation: 2 });
  });
});

test("a client that signs makes another assertion for the request with the nonce, because each can be used once", async () => {
  const { stage } = await openBound("nonce");
  const proof = { authentication: "private_key_jwt", signing_key: { algorithm: "ES256" }, dpop: true };
  const client = await stage.api("POST", "/v1/clients", { provider: "sandbox", client_id: "signer", ...proof });
  await stage.sandbox.control.putClient({
    clientId: "signer",
    clientSecret: "",
    redirectUris: [client.at("redirect_uri")],
    tokenEndpointAuthMethod: "private_key_jwt",
    jwksUri: client.at("jwks_uri"),
    dpop: "nonce",
  });
  const id = await connect(stage, client.at("id"));
  await stage.restart();
  expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({ generation: 2 });
  expect(stage.sandbox.control.counts()).toMatchObject({ authorizationCodeRequests: 2, refreshRequests: 2 });
});

function thumbprintIn(answer: Answer): Promise<string> {
  return calculateJwkThumbprint(decodeProtectedHeader(answer.at("proof")).jwk ?? {});
}

describe("the key of a client", () => {
  test("stays with what was bound to it when a client gets another, or none", async () => {
    const { stage, client } = await openBound("bound");
    const path = `/v1/clients/${client}`;
    const first = await connect(stage, client);
    const key = await thumbprintIn(await askProof(stage, first));
    expect((await stage.api("PATCH", path, { dpop: false })).body).toMatchObject({ dpop: false });
    expect((await stage.api("PATCH", path, { dpop: true })).body).toMatchObject({ dpop: true });
    const second = await connect(stage, client);
    for (const id of [first, second]) {
      expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({ generation: 2 });
    }
    expect(await thumbprintIn(await askProof(stage, first))).toBe(key);
    expect(await thumbprintIn(await askProof(stage, second))).not.toBe(key);
  });

  test.each([
    ["another", [false, true], { code: "refresh_token_missing" }],
    ["the same", [], null],
  ])("is %s in a consent that brings no refresh token: the one before counts only with its key", async (...given) => {
    const [, switches, problem] = given;
    const { stage, client } = await openBound("bound");
    const connection = await connect(stage, client);
    for (const dpop of switches) await stage.api("PATCH", `/v1/clients/${client}`, { dpop });
    await stage.api("PATCH", `/v1/clients/${client}`, { settings: { offline_access: false } });
    const session = await stage.api("POST", "/v1/connect-sessions", { connection });
    await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
    const ended = await stage.api("GET", `/v1/connect-sessions/${session.at("id")}`);
    expect(ended.body).toMatchObject({ status: "completed", problem });
    await stage.api("POST", `/v1/connections/${connection}/refresh`);
    expect(stage.sandbox.control.counts()).toMatchObject({ refreshesSucceeded: problem ? 0 : 1, refreshesRejected: 0 });
  });

  test("is nowhere in the clear", async () => {
    const { stage, client } = await openBound("bound");
    await askProof(stage, await connect(stage, client));
    const { database } = stage.settings;
    if (database.kind !== "sqlite") throw new Error("The stage has a database of its own.");
    const files = ["", "-wal"].map((end) => readFileSync(`${database.path}${end}`, "latin1"));
    const shown = (await stage.api("GET", `/v1/clients/${client}`)).text;
    for (const text of [...files, shown, ...stage.log]) expect(text).not.toMatch(/"kty"|"privateJwk"/);
  });

  test("is not replaced by asking for what is there", async () => {
    const { stage, client } = await openBound("bound");
    const key = await thumbprintIn(await askProof(stage, await connect(stage, client)));
    await stage.api("PATCH", `/v1/clients/${client}`, { dpop: true });
    expect(await thumbprintIn(await askProof(stage, await connect(stage, client)))).toBe(key);
  });

  test("is one that the provider takes; where it takes none that is known, the client is refused", async () => {
    const { stage } = await openBound("bound");
    const endpoints = { authorization_url: "https://as.example/authorize", token_url: "https://as.example/token" };
    await stage.api("PUT", "/v1/providers/other", { name: "Other", ...endpoints, dpop_algorithms: ["ES512"] });
    const refused = await stage.api("POST", "/v1/clients", { provider: "other", client_id: "x", dpop: true });
    expect(refused.body).toMatchObject({ status: 400, detail: "dpop: the provider takes proofs only by ES512." });
  });

  test("is needed for its refresh tokens: with another they are refused, which harms nothing", async () => {
    const { stage, client } = await openBound("bound");
    const id = await connect(stage, client);
    const [issued] = stage.sandbox.control.refreshTokens();
    const other = await stage.api("POST", "/v1/clients", { provider: "sandbox", client_id: "binder", dpop: true });
    const imported = await stage.api("POST", "/v1/connections/import", {
      client: other.at("id"),
      token_set: { refresh_token: issued?.token },
      verify: true,
    });
    expect(imported.body).toMatchObject({ status: 422, code: "refresh_token_rejected" });
    expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({ generation: 2 });
  });
});

test("a rekey seals the key anew, and it is still the one", async () => {
  const { stage, client } = await openBound("bound");
  const id = await connect(stage, client);
  const path = "/v1/keys/tenants/default";
  await stage.api("POST", `${path}/rotate`);
  await stage.clock.advance(10_000);
  await expect
    .poll(async () => (await stage.api("GET", path)).at("rekey", "finished_at"), { timeout: 15_000 })
    .toMatch(/Z$/);
  expect((await stage.api("GET", path)).body).toMatchObject({ versions: [{ values: 0 }, { values: 4 }] });
  expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({ generation: 2 });
});

test("a token that is not bound needs no proof, and whoever asks for one is told so", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  expect((await askProof(stage, connectionId)).body).toMatchObject({
    status: 409,
    code: "access_token_not_bound",
    connection_id: connectionId,
  });
});

test.each([
  ["a method in small letters", { method: "get" }],
  ["plain http", { url: "http://api.example/files" }],
  ["no URL", { url: "files" }],
  ["another scheme", { url: "ftp://api.example/files" }],
  ["a nonce that is none", { nonce: 'a"b' }],
  ["a nonce without end", { nonce: "n".repeat(1001) }],
])("a proof for %s is refused", async (_what, wrong) => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  expect((await askProof(stage, connectionId, wrong)).body).toMatchObject({ status: 400, code: "invalid_request" });
});
