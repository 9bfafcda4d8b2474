import { expect, test } from "vitest";
import { HOUR } from "../../src/runtime/clock.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { consent } from "./browser.ts";
import { later } from "./later.ts";
import { entryFor, startScriptedProvider, tokens, type Reply } from "./scripted-provider.ts";

/** A service with clients of two applications at one provider, which takes each refresh token from its own client only. */
async function openWithTwo(builtIn: string, refusal: Reply) {
  const provider = await startScriptedProvider();
  const issuedTo = new Map<string, string>();
  provider.token = (form) => {
    const client = form.get("client_id") ?? "";
    const refreshToken = form.get("refresh_token");
    if (refreshToken !== null && issuedTo.get(refreshToken) !== client) return refusal;
    const issued = tokens(provider.tokenRequests.length);
    issuedTo.set(String(issued["refresh_token"]), client);
    return { body: issued };
  };
  // Without an account, so that nothing but the client tells two connections apart; and without a second opinion.
  const lean = { identity: { from: "none" }, authentication: "client_secret_post", replay: { class: "none" } };
  const entry = { ...entryFor(provider, builtIn), ...lean };
  const stage = await openStage({ provider: () => entry });
  const own = { provider: "sandbox", client_id: "own-application", client_secret: "own-secret" };
  const ownClient = (await stage.api("POST", "/v1/clients", own)).at("id");
  return { provider, stage, issuedTo, ownClient };
}

function adopt(stage: Stage, client: string, refreshToken: string) {
  const adopted = { client, token_set: { refresh_token: refreshToken }, verify: true };
  return stage.api("POST", "/v1/connections/import", adopted);
}

const BAD_REFRESH_TOKEN = {
  status: "BAD_REFRESH_TOKEN",
  message: "missing or invalid refresh token",
  correlationId: "...",
};

test("hubspot-own-app-tokens-with-platform-client: tokens of an own application are refreshed with its own credentials, and with the platform's they are the operator's matter", async () => {
  const { provider, stage, issuedTo, ownClient } = await openWithTwo("hubspot", {
    status: 400,
    body: BAD_REFRESH_TOKEN,
  });
  issuedTo.set("of-own-application", "own-application");
  const made = await adopt(stage, ownClient, "of-own-application");
  expect(made.body).toMatchObject({ status: "active", client: ownClient });
  const refreshed = await stage.api("POST", `/v1/connections/${made.at("id")}/refresh`);
  expect(refreshed.body).toMatchObject({ status: "active", generation: 3 });
  for (const form of provider.tokenRequests) {
    expect([form.get("client_id"), form.get("client_secret")]).toEqual(["own-application", "own-secret"]);
  }

  issuedTo.set("also-of-own-application", "own-application");
  const mistaken = await adopt(stage, stage.clientId, "also-of-own-application");
  expect(mistaken.body).toMatchObject({ code: "refresh_token_rejected", cause: "unknown", who_acts: "operator" });
  expect(mistaken.at("detail")).toContain("BAD_REFRESH_TOKEN: missing or invalid refresh token");
  expect((await adopt(stage, ownClient, "also-of-own-application")).body).toMatchObject({ status: "active" });
  // Of one that has worked it says what it usually means.
  issuedTo.clear();
  const ended = await stage.api("POST", `/v1/connections/${made.at("id")}/refresh`);
  expect(ended.body).toMatchObject({ diagnosis: { cause: "revoked_by_user", who_acts: "user" } });
});

const OF_ANOTHER_CLIENT = { error: "invalid_grant", error_description: "refresh token was issued to another client" };

// An administrator registers another client; what the first one obtained stays with it.
test("invalid-grant-after-shared-client-rotation: a connection is refreshed by the client that obtained it, whichever came later", async () => {
  const { provider, stage, ownClient } = await openWithTwo("xero", { status: 400, body: OF_ANOTHER_CLIENT });
  const { connectionId } = await stage.connect();
  const path = `/v1/connections/${connectionId}`;
  const foreign = await stage.api("POST", "/v1/connect-sessions", { client: ownClient, connection: connectionId });
  expect(foreign.body).toMatchObject({ status: 400, code: "invalid_request" });
  const second = (await consent(stage, { client: ownClient })).session.at("connection_id");
  expect((await stage.api("POST", `${path}/refresh`)).body).toMatchObject({ status: "active", generation: 2 });
  expect((await stage.api("POST", `/v1/connections/${second}/refresh`)).body).toMatchObject({ status: "active" });
  const refreshes = provider.tokenRequests.filter((form) => form.get("grant_type") === "refresh_token");
  expect(refreshes.map((form) => form.get("client_id"))).toEqual(["evergrant", "own-application"]);
  await stage.restart();
  expect((await stage.api("POST", `${path}/refresh`)).body).toMatchObject({ status: "active", generation: 3 });
});

const OF_OTHER_KEYS = '{"error_description":"Incorrect Token type or clientID","error":"invalid_grant"}';

test("quickbooks-incorrect-token-type-or-clientid: a token that came with other keys waits for the operator as it is, and works once the keys are right", async () => {
  const { provider, stage, issuedTo, ownClient } = await openWithTwo("quickbooks", {
    status: 400,
    body: OF_OTHER_KEYS,
  });
  issuedTo.set("of-production", "production-application");
  const made = await adopt(stage, ownClient, "of-production");
  const diagnosis = { cause: "client_secret_rejected", who_acts: "operator", evidence: { code: "invalid_grant" } };
  expect(made.body).toMatchObject({ status: "degraded", diagnosis });
  const waiting = await stage.token(made.at("id"));
  expect(waiting.body).toMatchObject({ cause: "client_secret_rejected", who_acts: "operator" });
  expect(waiting.body).not.toHaveProperty("reauthorization_url");
  expect(provider.tokenRequests).toHaveLength(1);
  // It is this one token's matter: the client goes on with its others.
  expect((await stage.api("GET", `/v1/clients/${ownClient}`)).body).toMatchObject({ status: "active" });

  const production = { provider: "sandbox", client_id: "production-application", client_secret: "its-secret" };
  const right = (await stage.api("POST", "/v1/clients", production)).at("id");
  expect((await adopt(stage, right, "of-production")).body).toMatchObject({ status: "active" });
  // Where the keys are put right at the provider, the connection goes on by itself.
  issuedTo.set("of-production", "own-application");
  await later(stage, HOUR);
  expect((await stage.token(made.at("id"))).body).toMatchObject({ refresh_state: "ok", generation: 2 });
  const connection = await stage.api("GET", `/v1/connections/${made.at("id")}`);
  expect(connection.body).toMatchObject({ status: "active", diagnosis: null });
});

const MALFORMED = { error: "invalid_grant", error_description: "refresh token is malformed" };

// From the page that the user saw after the sign-in.
test("dropbox-auth-code-pasted-as-refresh-token: what is no refresh token is not adopted, in the provider's words, and blames nobody", async () => {
  const { provider, stage, issuedTo } = await openWithTwo("dropbox", { status: 400, body: MALFORMED });
  const code = "authorization-code-4f7a";
  const refused = await adopt(stage, stage.clientId, code);
  expect(refused.status).toBe(422);
  expect(refused.body).toMatchObject({ code: "refresh_token_rejected", cause: "unknown", who_acts: "operator" });
  expect(refused.at("detail")).toContain("invalid_grant: refresh token is malformed");
  expect(refused.text).not.toContain(code);
  expect((await stage.api("GET", "/v1/connections")).body).toMatchObject({ connections: [] });
  expect(provider.tokenRequests).toHaveLength(1);
  issuedTo.set("the-refresh-token", "evergrant");
  expect((await adopt(stage, stage.clientId, "the-refresh-token")).body).toMatchObject({ status: "active" });
});
