import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test, vi } from "vitest";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { answers } from "../stage/plays.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { expectEnded } from "./outcome.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const UNKNOWN_TOKEN =
  '{\n    "error": "invalid_grant",\n    "error_description": "Unknown or invalid refresh token."\n}';

/** How many refresh tokens of one account and client live at once. */
const LIMITS = [
  { provider: "auth0", parameters: { domain: "acme.eu.auth0.com" }, limit: 200, status: 403 },
  { provider: "google", parameters: {}, limit: 100, status: 400 },
  { provider: "salesforce", parameters: {}, limit: 5, status: 400 },
];

test("auth0-200-refresh-tokens-per-user: the oldest of more connections than the provider keeps ends by that limit", async () => {
  for (const { provider, parameters, limit, status } of LIMITS) {
    const stage = await openEngineStage({ entry: builtInEntry(provider, { parameters }) });
    const oldest = await stage.connect({ account: "alice" });
    const bystander = await stage.connect({ account: "bob" });
    for (let count = 0; count < limit; count++) {
      await stage.clock.leap(SECOND);
      await stage.connect({ account: "alice" });
    }
    stage.server.always(answers(status, UNKNOWN_TOKEN));
    await stage.passing(MINUTE, stage.refresh(oldest));
    // One of them is asked again before it is believed.
    await stage.clock.leap(2 * MINUTE);
    await expect(stage.passing(MINUTE, stage.refresh(oldest))).resolves.toEqual({ kind: "ended" });
    await expectEnded(stage, oldest, {
      cause: "token_limit_exceeded",
      evidence: expect.objectContaining({ limit, code: "invalid_grant" }),
    });
    await expect(stage.read(oldest)).rejects.toMatchObject({ facts: { whoActs: "operator" } });
    await stage.passing(MINUTE, stage.refresh(bystander));
    await stage.clock.leap(10 * MINUTE);
    await stage.passing(MINUTE, stage.refresh(bystander));
    await expectEnded(stage, bystander, { cause: "unknown" });
  }
});

/** Tokens that the sandbox has issued and that are still good, oldest first. */
function livingTokens({ sandbox }: Stage): string[] {
  const records = sandbox.control.refreshTokens();
  return records.filter(({ usedAt, revokedAt }) => usedAt === null && revokedAt === null).map(({ token }) => token);
}

/** The provider ends the oldest of more than five. */
async function dropOldest(stage: Stage): Promise<void> {
  for (const token of livingTokens(stage).slice(0, -5)) {
    const form = { token, client_id: "evergrant", client_secret: "sandbox-client-secret-canary-1" };
    const revoked = await fetch(`${stage.sandbox.url}/revoke`, { method: "POST", body: new URLSearchParams(form) });
    expect(revoked.status).toBe(200);
  }
}

test("login-on-every-visit-mints-refresh-tokens: each new consent of one connection brings the token that it goes on with", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  for (let consent = 2; consent <= 7; consent++) {
    const session = await stage.api("POST", "/v1/connect-sessions", { connection: connectionId });
    await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
    await dropOldest(stage);
    expect((await stage.token(connectionId)).body).toMatchObject({ generation: consent, refresh_state: "ok" });
  }
  const living = livingTokens(stage);
  expect(living).toHaveLength(5);
  const refreshed = await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
  expect(refreshed.body).toMatchObject({ status: "active", generation: 8 });
  const sent = stage.sandbox.control.refreshTokens().filter(({ requests }) => requests.length > 0);
  expect(sent.map(({ token }) => token)).toEqual([living.at(-1)]);
  expect((await stage.api("GET", "/v1/connections")).body).toMatchObject({ connections: [{ id: connectionId }] });
});

/** Google's way to ask for a refresh token, at the sandbox. */
function googleAt(issuer: string): Record<string, unknown> {
  const { provider } = builtInEntry("google");
  return {
    name: provider.name,
    issuer,
    authorization_url: `${issuer}/authorize`,
    token_url: `${issuer}/token`,
    identity: provider.identity,
    identity_scopes: provider.identity_scopes,
    offline_access: { ...provider.offline_access, scopes: ["offline_access"] },
  };
}

// The provider gives a refresh token only together with the consent page.
test("second-connection-same-account-gets-no-refresh-token: every connection asks for the consent, knows its account, and says at once what it did not get", async () => {
  const stage = await openStage({ behaviour: { offlineAccessRequired: true }, provider: googleAt });
  const [first, second] = [await stage.connect("alice"), await stage.connect("alice")];
  const accounts: string[] = [];
  for (const { connectionId } of [first, second]) {
    const refreshed = await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
    expect(refreshed.body).toMatchObject({ status: "active", generation: 2 });
    accounts.push(refreshed.at("account", "id"));
  }
  expect(first.connectionId).not.toBe(second.connectionId);
  expect(new Set(accounts).size).toBe(1);

  const careless = { ...googleAt(stage.sandbox.url), offline_access: { scopes: ["offline_access"] } };
  await stage.api("PUT", "/v1/providers/sandbox", careless);
  const third = await stage.connect("alice");
  expect(third.session.body).toMatchObject({ problem: { code: "refresh_token_missing" } });
  expect(third.session.at("problem", "detail")).toContain("The provider gave no refresh token");
  const { body } = await stage.api("GET", `/v1/connections/${third.connectionId}`);
  expect(body).toMatchObject({
    status: "degraded",
    account: { id: accounts[0] },
    diagnosis: { cause: "refresh_token_missing", user_sentence: expect.stringContaining("sign in again") },
  });
  // The ones before are none the worse for it.
  for (const { connectionId } of [first, second]) {
    const refreshed = await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
    expect(refreshed.body).toMatchObject({ status: "active", generation: 3 });
  }
});
