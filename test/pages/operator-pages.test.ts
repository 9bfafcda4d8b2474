import { createScriptedUser, startSandbox } from "@evergrant/sandbox";
import { describe, expect, onTestFinished, test } from "vitest";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { CLIENT_SECRET, goOut, open, openSignInStage, signIn, signInAt } from "../stage/operator-browser.ts";
import { openStage, type Stage } from "../stage/stage.ts";

/** A service whose operators sign in at the sandbox. */
async function openAtSandbox(allowed: string) {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const stage = await openStage({ settings: { operatorSignIn: signInAt(sandbox.url, allowed) } });
  const redirectUris = [`${stage.settings.publicUrl}/operator/callback`];
  await sandbox.control.putClient({ clientId: "operators", clientSecret: CLIENT_SECRET, redirectUris });
  return { stage, sandbox };
}

async function latestActs(stage: Stage, limit = 1): Promise<unknown> {
  const { body } = await stage.api("GET", `/v1/audit?limit=${limit}`);
  return body;
}

describe("a person at a real OpenID provider", () => {
  test("signs in, may do what the role says, and stands in the audit log by name", async () => {
    const { stage } = await openAtSandbox("alice@sandbox.example=viewer");
    const alice = createScriptedUser({ user: "alice" });
    const landed = await alice.visit(`${stage.service.url}/operator/sign-in`);
    expect([landed.status, landed.url]).toEqual([200, `${stage.service.url}/dashboard/`]);
    const current = await alice.visit(`${stage.service.url}/v1/operator-sessions/current`);
    expect(JSON.parse(current.body)).toMatchObject({
      operator: { email: "alice@sandbox.example" },
      role: "viewer",
      scopes: ["connections:read", "audit:read", "metrics:read", "webhooks:read"],
    });
    expect((await alice.visit(`${stage.service.url}/v1/connections`)).status).toBe(200);
    expect((await alice.visit(`${stage.service.url}/v1/api-keys`)).status).toBe(403);
    expect(await latestActs(stage)).toMatchObject({
      entries: [
        {
          act: "operator_session.opened",
          actor: { kind: "operator", id: "alice" },
          object: expect.stringMatching(/^ops_/),
          from: "127.0.0.1",
          detail: { operator_email: "alice@sandbox.example", role: "viewer" },
        },
      ],
    });
  });

  test("is told so when the settings do not name that person, and it is written down", async () => {
    const { stage } = await openAtSandbox("alice@sandbox.example");
    const bob = createScriptedUser({ user: "bob" });
    const page = await bob.visit(`${stage.service.url}/operator/sign-in`);
    expect(page.status).toBe(403);
    expect(page.body).toContain("The account bob@sandbox.example may not sign in here.");
    expect(page.body).toContain(`href="/operator/sign-in"`);
    expect((await bob.visit(`${stage.service.url}/v1/operator-sessions/current`)).status).toBe(401);
    expect(await latestActs(stage)).toMatchObject({
      entries: [
        {
          act: "operator.sign_in_refused",
          actor: { kind: "operator", id: "bob" },
          object: null,
          from: "127.0.0.1",
          detail: { reason: "not_allowed", operator_email: "bob@sandbox.example" },
        },
      ],
    });
  });

  test("who says no there can try again", async () => {
    const { stage } = await openAtSandbox("alice@sandbox.example");
    const alice = createScriptedUser({ user: "alice", decision: "deny" });
    const page = await alice.visit(`${stage.service.url}/operator/sign-in`);
    expect(page.status).toBe(400);
    expect(page.body).toContain("cancelled or not allowed");
    expect(page.body).toContain(`href="/operator/sign-in"`);
  });
});

describe("the way out", () => {
  test("leads to the issuer with PKCE, a nonce and a cookie for this host and ten minutes", async () => {
    const { stage, issuer } = await openSignInStage("alice@example.com", { publicUrl: "https://evergrant.example/eg" });
    const left = await open(`${stage.service.url}/operator/sign-in?return_to=https://evil.example&redirect_uri=x`);
    const { cookie } = await goOut(stage);
    const asked = issuer.authorizations[0] ?? new URLSearchParams();
    expect(left.status).toBe(303);
    expect(left.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-evergrant_sign_in_[\w-]{12}=\d+\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/,
      ),
    ]);
    expect(Object.fromEntries(asked)).toEqual({
      response_type: "code",
      client_id: "operators",
      redirect_uri: "https://evergrant.example/eg/operator/callback",
      scope: "openid email",
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
    });
    expect(cookie).not.toContain(asked.get("state") ?? "");
  });

  test("asks for groups where somebody is let in by one, if the issuer knows such scopes", async () => {
    const { stage, issuer } = await openSignInStage("group:ops");
    issuer.metadata = { scopes_supported: ["openid", "email", "groups"] };
    await goOut(stage);
    expect(issuer.authorizations[0]?.get("scope")).toBe("openid email groups");
  });

  test("is told once of the issuer, for an hour", async () => {
    const { stage, issuer } = await openSignInStage();
    for (let visit = 0; visit < 3; visit++) await goOut(stage);
    expect(issuer.asked.metadata).toBe(1);
    await stage.clock.leap(HOUR);
    await goOut(stage);
    expect(issuer.asked.metadata).toBe(2);
  });
});

describe("the way back", () => {
  test("signs in with a cookie as any operator's, and leads to the dashboard alone", async () => {
    const { stage, issuer } = await openSignInStage();
    const { cookie, callback } = await goOut(stage);
    const back = await open(`${callback}&return_to=//evil.example&next=https://evil.example`, cookie);
    expect([back.status, back.headers.get("location")]).toEqual([303, "/dashboard/"]);
    expect(back.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^evergrant_operator=ops_\w{26}\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
      ),
    ]);
    const [{ form, authorization } = { form: new URLSearchParams(), authorization: "" }] = issuer.tokenRequests;
    expect(form.get("redirect_uri")).toBe(`${stage.settings.publicUrl}/operator/callback`);
    const basic = Buffer.from(`operators:${CLIENT_SECRET}`).toString("base64");
    expect(authorization).toBe(`Basic ${basic}`);
  });

  test("leads under the path at which a proxy has put the service", async () => {
    const { stage } = await openSignInStage("alice@example.com", { publicUrl: "https://evergrant.example/eg" });
    const { cookie, callback } = await goOut(stage);
    const back = await open(stage.service.url + callback.slice("https://evergrant.example/eg".length), cookie);
    expect([back.status, back.headers.get("location")]).toEqual([303, "/eg/dashboard/"]);
  });

  test.each([
    ["client_secret_post", ["client_secret_post"], CLIENT_SECRET],
    ["client_secret_basic", ["client_secret_post", "client_secret_basic"], null],
  ])("proves the client by %s", async (_method, supported, inForm) => {
    const { stage, issuer } = await openSignInStage();
    issuer.metadata = { token_endpoint_auth_methods_supported: supported };
    await signIn(stage);
    expect(issuer.tokenRequests[0]?.form.get("client_secret")).toBe(inForm);
  });
});

test("there is no way to an issuer where the settings name none", async () => {
  const { service } = await openStage();
  for (const path of ["/operator/sign-in", "/operator/callback"]) {
    const page = await open(service.url + path);
    expect([page.status, page.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
  }
});

test("who is called what markup is, is shown as text", async () => {
  const { stage, issuer } = await openSignInStage("domain:example.org");
  issuer.claims = { email: `"<script>"@example.com`, email_verified: true };
  const { cookie, callback } = await goOut(stage);
  const page = await (await open(callback, cookie)).text();
  expect(page).not.toContain("<script");
  expect(page).toContain("&lt;script&gt;");
});

test("a key of the issuer that is new is learned, once a minute at most", async () => {
  const { stage, issuer } = await openSignInStage();
  await signIn(stage);
  await issuer.changeKey();
  const early = await goOut(stage);
  expect((await open(early.callback, early.cookie)).status).toBe(400);
  await stage.clock.leap(MINUTE);
  await signIn(stage);
  expect(issuer.asked.keys).toBe(2);
});

const SHIELD = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

test("every answer is shielded, runs no script, and has no form", async () => {
  const { stage, issuer } = await openSignInStage();
  const { callback, cookie: attempt } = await goOut(stage);
  const answers = {
    away: await open(`${stage.service.url}/operator/sign-in`),
    foreign: await open(callback),
    back: await open(callback, attempt),
    again: await open(callback, attempt),
  };
  for (const [name, answer] of Object.entries(answers)) {
    expect([name, Object.fromEntries(answer.headers)]).toMatchObject([
      name,
      {
        ...SHIELD,
        "referrer-policy": "no-referrer",
        "content-security-policy": `default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
      },
    ]);
    expect([name, /<script|<iframe|<form|src=|\son\w+=/i.test(await answer.text())]).toEqual([name, false]);
  }
  expect(issuer.authorizations).toHaveLength(1);
});
