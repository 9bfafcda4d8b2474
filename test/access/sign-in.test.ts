import { describe, expect, test } from "vitest";
import { HOUR } from "../../src/runtime/clock.ts";
import { goOut, open, openSignInStage, signIn, signInAt } from "../stage/operator-browser.ts";
import type { Stage } from "../stage/stage.ts";

async function latestActs(stage: Stage, limit = 1): Promise<unknown> {
  const { body } = await stage.api("GET", `/v1/audit?limit=${limit}`);
  return body;
}

describe("who somebody is", () => {
  test.each([
    ["an address that is verified", "alice@example.com=operator", {}, "operator"],
    ["a domain", "domain:example.com=viewer", {}, "viewer"],
    ["a group", "group:on-call=viewer", { groups: ["x", "on-call"] }, "viewer"],
    ["a group, without an address", "group:on-call", { groups: ["on-call"], email: undefined }, "admin"],
    ["the only group", "group:on-call", { groups: "on-call" }, "admin"],
  ])("is known by %s", async (_how, allowed, claims, role) => {
    const { stage, issuer } = await openSignInStage(allowed);
    issuer.claims = { ...issuer.claims, ...claims };
    issuer.userinfo = { sub: "alice-1" };
    const { cookie } = await signIn(stage);
    const listed = await stage.api("GET", "/v1/operator-sessions");
    expect(listed.body).toMatchObject({
      operator_sessions: [{ api_key: null, operator: { issuer: issuer.origin, subject: "alice-1", role } }],
    });
    expect(cookie).toMatch(/^evergrant_operator=/);
  });

  test.each([
    ["an address that is not verified", { email_verified: false }],
    ["an address of which nothing is said", { email_verified: undefined }],
    ["an address that is verified by a text", { email_verified: "true" }],
    ["two addresses in one", { email: "alice@example.com,bob@example.com" }],
    ["another letter that becomes the same", { email: "\u212Aate@example.com" }],
    ["an address that is none", { email: ["alice@example.com"] }],
  ])("is not known by %s", async (_how, claims) => {
    const { stage, issuer } = await openSignInStage("domain:example.com,kate@example.com");
    issuer.claims = { ...issuer.claims, ...claims };
    const { cookie, callback } = await goOut(stage);
    const refused = await open(callback, cookie);
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []]);
    expect(await refused.text()).toContain("has not verified it");
    expect(await latestActs(stage)).toMatchObject({
      entries: [{ act: "operator.sign_in_refused", detail: { reason: "email_unverified", operator_email: null } }],
    });
  });

  test("the userinfo endpoint says of the same person alone, and does not verify another source's address", async () => {
    const { stage, issuer } = await openSignInStage("domain:example.com");
    issuer.claims = {};
    issuer.userinfo = { sub: "alice-1", email: "alice@example.com", email_verified: true };
    await signIn(stage);
    issuer.userinfo = { sub: "bob-1", email: "alice@example.com", email_verified: true };
    const foreign = await goOut(stage);
    expect((await open(foreign.callback, foreign.cookie)).status).toBe(400);
    const { stage: other, issuer: another } = await openSignInStage("domain:example.com,group:x");
    another.claims = { email: "mallory@example.com" };
    another.userinfo = { sub: "alice-1", email: "alice@example.com", email_verified: true };
    const mixed = await goOut(other);
    expect((await open(mixed.callback, mixed.cookie)).status).toBe(403);
  });
});

describe("a person who is signed in", () => {
  test.each([
    ["viewer", { read: 200, change: 403, keys: 403, tokens: 403 }],
    ["operator", { read: 200, change: 404, keys: 403, tokens: 403 }],
    ["admin", { read: 200, change: 404, keys: 200, tokens: 404 }],
  ])("as %s may do that, and no more", async (role, expected) => {
    const { stage } = await openSignInStage(`alice@example.com=${role}`);
    const { send } = await signIn(stage);
    const status = async (method: string, path: string) => (await send(method, path)).status;
    expect({
      read: await status("GET", "/v1/audit"),
      change: await status("POST", "/v1/connections/con_none/check"),
      keys: await status("GET", "/v1/api-keys"),
      tokens: await status("GET", "/v1/connections/con_none/access-token"),
    }).toEqual(expected);
  });

  test("is who changes something, by the audit log, and needs the session's token to", async () => {
    const { stage } = await openSignInStage();
    const { send } = await signIn(stage);
    const key = { name: "made in a browser", scopes: ["token:read"] };
    expect((await send("POST", "/v1/api-keys", key, { "x-csrf-token": "x" })).status).toBe(403);
    expect((await send("POST", "/v1/api-keys", key)).status).toBe(201);
    expect(await latestActs(stage)).toMatchObject({
      entries: [
        {
          act: "api_key.created",
          actor: { kind: "operator", id: "alice-1" },
          detail: { operator_email: "alice@example.com", operator_session: expect.stringMatching(/^ops_/) },
        },
      ],
    });
    expect((await send("POST", "/v1/operator-sessions")).status).toBe(403);
  });

  test("signs out, from a page of ours alone", async () => {
    const { stage } = await openSignInStage("alice@example.com=viewer");
    const { send } = await signIn(stage);
    const path = "/v1/operator-sessions/current";
    expect((await send("DELETE", path, undefined, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await send("DELETE", path, undefined, { "x-csrf-token": "x" })).status).toBe(403);
    expect((await send("DELETE", path, undefined, { origin: "null" })).status).toBe(403);
    const current = await send("GET", path);
    expect([current.headers.get("cache-control"), await current.json()]).toMatchObject([
      "no-store",
      { tenant: "default", role: "viewer", operator: { email: "alice@example.com", subject: "alice-1" } },
    ]);
    const gone = await send("DELETE", path);
    expect([gone.status, gone.headers.getSetCookie()]).toEqual([
      204,
      ["evergrant_operator=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"],
    ]);
    expect((await send("GET", path)).status).toBe(401);
    expect(await latestActs(stage, 2)).toMatchObject({
      entries: [
        { act: "operator_session.ended", actor: { kind: "operator", id: "alice-1" } },
        { act: "operator_session.opened" },
      ],
    });
  });

  test("is signed out by an administrator, and after an hour without use", async () => {
    const { stage } = await openSignInStage();
    const { send } = await signIn(stage);
    await stage.clock.advance(1);
    const idle = await signIn(stage);
    const first = (await stage.api("GET", "/v1/operator-sessions")).at("operator_sessions", "0", "id");
    expect((await stage.api("DELETE", `/v1/operator-sessions/${first}`)).status).toBe(204);
    expect((await send("GET", "/v1/connections")).status).toBe(401);
    expect((await idle.send("GET", "/v1/connections")).status).toBe(200);
    await stage.clock.leap(HOUR);
    expect((await idle.send("GET", "/v1/connections")).status).toBe(401);
  });

  test("may do what the settings say now, and nothing when they name that person no more", async () => {
    const { stage, issuer } = await openSignInStage("group:ops,alice@example.com=viewer");
    issuer.claims = { ...issuer.claims, groups: ["ops"] };
    const { send } = await signIn(stage);
    const restartWith = (allowed: string, at = issuer.origin) => {
      stage.settings.operatorSignIn = signInAt(at, allowed);
      return stage.restart();
    };
    expect((await send("GET", "/v1/api-keys")).status).toBe(200);
    await restartWith("alice@example.com=viewer");
    expect((await send("GET", "/v1/api-keys")).status).toBe(403);
    expect((await send("GET", "/v1/connections")).status).toBe(200);
    await restartWith("bob@example.com");
    expect((await send("GET", "/v1/connections")).status).toBe(401);
    await restartWith("alice@example.com", "https://login.example");
    expect((await send("GET", "/v1/connections")).status).toBe(401);
    stage.settings.operatorSignIn = null;
    await stage.restart();
    expect((await send("GET", "/v1/connections")).status).toBe(401);
  });
});
