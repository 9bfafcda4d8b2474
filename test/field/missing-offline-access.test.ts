import { expect, test } from "vitest";
import { DAY, HOUR, SECOND } from "../../src/runtime/clock.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { consent, depart } from "./browser.ts";
import { entryFor, idTokenOf, startScriptedProvider, tokens } from "./scripted-provider.ts";

/** A service with that provider of the catalogue, which says what the test wants it to say. */
async function openAt(builtIn: string, client: Record<string, unknown> = {}) {
  const provider = await startScriptedProvider();
  const stage = await openStage({ provider: () => entryFor(provider, builtIn), client });
  return { provider, stage };
}

/** Grants without a refresh token. */
function onlyAccess(expiresIn: number) {
  return { body: { access_token: "at-1", token_type: "Bearer", expires_in: expiresIn } };
}

/** What a client of the catalogue's own entry sends its users with. */
async function authorizationAt(stage: Stage, provider: string, parameters: Record<string, string>) {
  const settings = { provider_parameters: parameters };
  const client = await stage.api("POST", "/v1/clients", { provider, client_id: "c", client_secret: "s", settings });
  return (await depart(stage, { client: client.at("id") })).authorization;
}

const OFFLINE_SCOPES = [
  ["atlassian", "offline_access", {}],
  ["microsoft", "offline_access", {}],
  ["xero", "offline_access", {}],
  ["okta", "offline_access", { domain: "acme.okta.com", authorization_server: "default" }],
  ["auth0", "offline_access", { domain: "acme.eu.auth0.com" }],
  ["salesforce", "refresh_token", {}],
] as const;

// Nobody lists these scopes by hand.
test("atlassian-offline-access-scope-missing: the entry asks for offline access by itself, and a client that goes without is told at once", async () => {
  const { provider, stage } = await openAt("atlassian", { settings: { offline_access: false } });
  for (const [id, scope, parameters] of OFFLINE_SCOPES) {
    const authorization = await authorizationAt(stage, id, parameters);
    expect([id, authorization.get("scope")?.split(" ")]).toEqual([id, expect.arrayContaining([scope])]);
  }
  provider.token = () => onlyAccess(3600);
  const { session, page } = await consent(stage);
  expect(provider.authorizations[0]?.get("scope")).not.toContain("offline_access");
  expect(session.body).toMatchObject({ problem: { code: "refresh_token_missing", missing: ["scope=offline_access"] } });
  expect(page.body).toContain("only for a short time");
});

test("dropbox-long-lived-tokens-withdrawn: token_access_type=offline is always sent, and without a refresh token that is said", async () => {
  const { provider, stage } = await openAt("dropbox");
  const grants = () =>
    provider.authorizations.at(-1)?.get("token_access_type") === "offline"
      ? { body: { ...tokens(1), expires_in: 14_400 } }
      : onlyAccess(14_400);
  provider.token = grants;
  expect((await consent(stage)).session.body).toMatchObject({ status: "completed", problem: null });

  const without = await openAt("dropbox", { settings: { offline_access: false } });
  without.provider.token = () => onlyAccess(14_400);
  const { session } = await consent(without.stage);
  expect(session.body).toMatchObject({ problem: { missing: ["token_access_type=offline"] } });
  const id = session.at("connection_id");
  expect((await without.stage.api("GET", `/v1/connections/${id}`)).body).toMatchObject({ status: "degraded" });
  await without.stage.clock.leap(4 * HOUR);
  const refused = await without.stage.token(id);
  expect(refused.body).toMatchObject({ code: "reauthorization_required", cause: "refresh_token_missing" });
});

// The provider gives a refresh token only when it has shown its consent page.
test("google-no-refresh-token-on-second-consent: every authorization shows the consent page, and one that does not makes nothing healthy", async () => {
  const { provider, stage } = await openAt("google");
  const grant = (): object => {
    const asked = provider.authorizations.at(-1);
    const shown = asked?.get("prompt") === "consent" && asked.get("access_type") === "offline";
    return {
      ...(shown ? tokens(1) : onlyAccess(3599).body),
      id_token: idTokenOf(provider, { sub: "1", email: "a@b" }),
    };
  };
  provider.token = () => ({ body: grant() });
  const first = await consent(stage);
  const again = await consent(stage, { connection: first.session.at("connection_id") });
  for (const { session } of [first, again]) expect(session.body).toMatchObject({ status: "completed", problem: null });

  const hidden = await openAt("google", { settings: { authorization_parameters: { prompt: "select_account" } } });
  hidden.provider.token = () => ({
    body: { ...onlyAccess(3599).body, id_token: idTokenOf(hidden.provider, { sub: "1" }) },
  });
  const { session, page } = await consent(hidden.stage);
  expect(session.body).toMatchObject({ problem: { code: "refresh_token_missing", missing: ["prompt=consent"] } });
  expect(page.body).toContain("prompt=consent");
  const made = await hidden.stage.api("GET", `/v1/connections/${session.at("connection_id")}`);
  expect(made.body).toMatchObject({ status: "degraded", diagnosis: { cause: "refresh_token_missing" } });
});

test("grafana-token-expired-refresh-token-not-set: a token that cannot be renewed is shown with its end before it has come", async () => {
  const { provider, stage } = await openAt("microsoft", { settings: { offline_access: false } });
  provider.token = () => ({
    body: { ...onlyAccess(3599).body, id_token: idTokenOf(provider, { sub: "1", email: "a@b" }) },
  });
  const { session } = await consent(stage);
  const path = `/v1/connections/${session.at("connection_id")}`;
  const ends = new Date(stage.clock.now() + 3599 * SECOND).toISOString();
  expect((await stage.api("GET", path)).body).toMatchObject({
    status: "degraded",
    diagnosis: { cause: "refresh_token_missing", confidence: "certain", who_acts: "user" },
    access_token_expires_at: ends,
  });
  expect((await stage.token(session.at("connection_id"))).body).toMatchObject({
    access_token: "at-1",
    expires_at: ends,
  });
  expect(provider.tokenRequests).toHaveLength(1);
});

// The provider gives refresh tokens to its partners only.
test("linkedin-standard-app-has-no-refresh-token: sixty days are usable to the end, which is known from the start and then has a link", async () => {
  const { provider, stage } = await openAt("linkedin");
  provider.token = () => onlyAccess(5_184_000);
  const { session } = await consent(stage);
  const id = session.at("connection_id");
  const ends = new Date(stage.clock.now() + 60 * DAY).toISOString();
  const made = await stage.api("GET", `/v1/connections/${id}`);
  expect(made.body).toMatchObject({ status: "degraded", access_token_expires_at: ends });
  await stage.clock.leap(60 * DAY - HOUR);
  expect((await stage.token(id)).body).toMatchObject({ access_token: "at-1", expires_at: ends });
  await stage.clock.leap(HOUR);
  const over = await stage.token(id);
  expect(over.body).toMatchObject({ status: 409, code: "reauthorization_required", cause: "refresh_token_missing" });
  expect(over.at("reauthorization_url")).toContain(`/reauthorize/${id}.`);
  expect(provider.tokenRequests).toHaveLength(1);
});
