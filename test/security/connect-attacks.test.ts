import { createScriptedUser } from "@evergrant/sandbox";
import { describe, expect, test } from "vitest";
import { comeBack, depart } from "../field/browser.ts";
import { startFront } from "../stage/front.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { openAnotherTenant } from "./another-tenant.ts";

// What test/connect/callback.test.ts and test/field/security-csrf-state.test.ts prove is not repeated here.

const exchanged = ({ sandbox }: Stage) => sandbox.control.counts().authorizationCodeRequests;

async function connections({ api }: Stage): Promise<unknown> {
  return (await api("GET", "/v1/connections")).body;
}

describe("mix-up (RFC 9700 §4.4)", () => {
  /** An authorization server that sends its users on to another one, with whatever it makes of their request. */
  async function startAttackingServer(target: (asked: URLSearchParams) => string) {
    const requests: string[] = [];
    const origin = await startPageServer((request, response) => {
      const url = new URL(request.url ?? "", "http://attacker.invalid");
      const location = url.pathname === "/authorize" ? target(url.searchParams) : null;
      if (location === null) requests.push(url.pathname);
      response.writeHead(location === null ? 200 : 302, location === null ? {} : { location }).end("{}");
    });
    return { origin, requests };
  }

  /** A user chooses the attacker's server, and consents at the honest one without noticing. */
  async function mixUp(stage: Stage, redirectTo: "honest" | "attacker", issuer?: string) {
    const honest = await stage.api("GET", `/v1/clients/${stage.clientId}`);
    let own = "";
    const attacker = await startAttackingServer((asked) => {
      const url = new URL(`${stage.sandbox.url}/authorize`);
      const parameters = {
        response_type: "code",
        client_id: "evergrant",
        redirect_uri: redirectTo === "honest" ? honest.at("redirect_uri") : own,
        scope: "files.read",
        state: asked.get("state") ?? "",
        code_challenge: asked.get("code_challenge") ?? "",
        code_challenge_method: "S256",
      };
      url.search = new URLSearchParams(parameters).toString();
      return url.href;
    });
    const entry = {
      name: "Attacker",
      authorization_url: `${attacker.origin}/authorize`,
      token_url: `${attacker.origin}/token`,
      ...(issuer !== undefined && { issuer }),
    };
    await stage.api("PUT", "/v1/providers/attacker", entry);
    const client = await stage.api("POST", "/v1/clients", { provider: "attacker", client_id: "x", client_secret: "s" });
    own = client.at("redirect_uri");
    if (redirectTo === "attacker") {
      // A server that is careless with redirect URIs (against RFC 9700 §2.1).
      const redirectUris = [honest.at("redirect_uri"), own];
      const clientSecret = "sandbox-client-secret-canary-1";
      await stage.sandbox.control.putClient({ clientId: "evergrant", clientSecret, redirectUris });
    }
    const session = await stage.api("POST", "/v1/connect-sessions", { client: client.at("id") });
    const page = await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
    return { attacker, page };
  }

  test("the honest server's answer to the attacker's session ends at the honest client's redirect URI, and is refused", async () => {
    const stage = await openStage();
    const { attacker, page } = await mixUp(stage, "honest");
    expect(new URL(page.url).pathname).toBe(`/oauth/callback/${stage.clientId}`);
    expect(page.status).toBe(400);
    expect([attacker.requests, exchanged(stage)]).toEqual([[], 0]);
  });

  test("where the honest server sends it to the attacker's redirect URI, `iss` gives it away (RFC 9207)", async () => {
    const stage = await openStage();
    const { attacker, page } = await mixUp(stage, "attacker", "https://attacker.example");
    expect(page.status).toBe(400);
    expect(page.body).toContain("RFC 9207");
    expect([attacker.requests, exchanged(stage)]).toEqual([[], 0]);
  });
});

describe("another person signs in with a session that somebody made for himself (COAT)", () => {
  /** Mallory's session at the application, with which Alice signs in. The application learns of it from Alice's browser. */
  async function lure(stage: Stage, returnUrl: string, endUser = "mallory", user = "alice") {
    const request = { client: stage.clientId, end_user: endUser, return_url: returnUrl };
    const session = await stage.api("POST", "/v1/connect-sessions", request);
    const landed = new URL((await createScriptedUser({ user }).visit(session.at("connect_url"))).url);
    const complete = (body: object) => stage.api("POST", `/v1/connect-sessions/${session.at("id")}/complete`, body);
    return { id: session.at("id"), landed, confirmation: landed.searchParams.get("confirmation") ?? "", complete };
  }

  async function open() {
    const returnUrl = `${await startPageServer()}/back`;
    return { returnUrl, stage: await openStage({ client: { settings: { return_urls: [returnUrl] } } }) };
  }

  test("he knows its id, and comes to the return URL before her; without what her browser was told nothing is connected", async () => {
    const { stage, returnUrl } = await open();
    const { id, landed, complete } = await lure(stage, returnUrl);
    expect(landed.searchParams.get("connect_session")).toBe(id);
    const own = await lure(stage, returnUrl, "mallory", "bob");
    const guesses = ["", "x", "x".repeat(43), own.confirmation, id, "é".repeat(43)];
    const tried = [
      ...(await Promise.all([complete({}), complete({ end_user: "mallory" })])),
      ...(await Promise.all(guesses.map((confirmation) => complete({ end_user: "mallory", confirmation })))),
    ];
    expect(tried.map(({ status }) => status)).toEqual([400, 400, ...guesses.map(() => 409)]);
    expect(exchanged(stage)).toBe(0);
    expect(await connections(stage)).toMatchObject({ connections: [] });
    const session = await stage.api("GET", `/v1/connect-sessions/${id}`);
    expect(session.body).toMatchObject({ status: "authorized", connection_id: null });
    for (const { text } of [...tried, session]) expect(text).not.toContain(own.confirmation);
  });

  test("her browser comes back to the application as hers, which is not whom the session is for", async () => {
    const { stage, returnUrl } = await open();
    const { confirmation, complete } = await lure(stage, returnUrl);
    const refused = await complete({ end_user: "alice", confirmation });
    expect(refused.body).toMatchObject({ status: 409, code: "conflict" });
    expect(exchanged(stage)).toBe(0);
    expect(await connections(stage)).toMatchObject({ connections: [] });
  });

  test("a session that is for her is completed by what her browser was told, once", async () => {
    const { stage, returnUrl } = await open();
    const { confirmation, complete } = await lure(stage, returnUrl, "alice");
    const body = { end_user: "alice", confirmation };
    const both = await Promise.all([complete(body), complete(body)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(exchanged(stage)).toBe(1);
    expect(await connections(stage)).toMatchObject({ connections: [{ end_user: "alice", account: { id: "alice" } }] });
    expect((await complete({ end_user: "alice" })).status).toBe(400);
  });

  test("to be confirmed without a return URL there is no way", async () => {
    const stage = await openStage();
    const request = { client: stage.clientId, completion: "confirm" };
    const refused = await stage.api("POST", "/v1/connect-sessions", request);
    expect(refused.body).toMatchObject({ status: 400, code: "invalid_request" });
    expect(refused.at("detail")).toContain("return_url");
  });
});

describe("somebody gives his own sign-in to another (CORF, RFC 9700 §4.5 and §4.7)", () => {
  async function openWithFront() {
    const front = await startFront();
    const stage = await openStage({ publicUrl: front.origin });
    front.target = stage.service.url;
    return { stage, front };
  }

  /** Mallory signs in and keeps the answer to himself. */
  async function keepAnswer({ stage, front }: Awaited<ReturnType<typeof openWithFront>>) {
    const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId, end_user: "mallory" });
    await createScriptedUser({ user: "bob" }).visit(session.at("connect_url"));
    const { path = "", cookie = "" } = front.landings.at(-1) ?? {};
    return { parameters: Object.fromEntries(new URL(path, front.origin).searchParams), path, cookie };
  }

  test("his callback in her browser is refused, with her own sign-in under way and without", async () => {
    const opened = await openWithFront();
    const { stage } = opened;
    const kept = await keepAnswer(opened);
    const hers = await depart(stage);
    for (const cookie of ["", hers.cookie, hers.cookie.replace(/=.*/, `=${kept.cookie.split("=")[1]}`)]) {
      const page = await fetch(stage.service.url + kept.path, { headers: { cookie }, redirect: "manual" });
      expect(page.status).toBe(400);
    }
    expect(exchanged(stage)).toBe(0);
  });

  test("his code with her state connects nothing: it is not the answer to her request (PKCE, RFC 9700 §2.1.1)", async () => {
    const opened = await openWithFront();
    const { stage } = opened;
    const { code = "", iss = "" } = (await keepAnswer(opened)).parameters;
    const hers = await depart(stage, { client: stage.clientId, end_user: "alice" });
    const url = `${stage.service.url}/oauth/callback/${stage.clientId}`;
    const query = new URLSearchParams({ code, iss, state: hers.state }).toString();
    const page = await fetch(`${url}?${query}`, { headers: { cookie: hers.cookie } });
    expect([page.status, exchanged(stage)]).toEqual([400, 1]);
    const session = await stage.api("GET", `/v1/connect-sessions/${hers.session.at("id")}`);
    expect(session.body).toMatchObject({ status: "failed", problem: { code: "code_exchange_failed" } });
    expect(await connections(stage)).toMatchObject({ connections: [] });
  });

  test("her state with his code, in his browser, is refused before anything is asked", async () => {
    const opened = await openWithFront();
    const kept = await keepAnswer(opened);
    const hers = await depart(opened.stage);
    const parameters = { ...kept.parameters, state: hers.state };
    expect((await comeBack(opened.stage, parameters, { cookie: kept.cookie })).status).toBe(200);
    // The front keeps callbacks to itself; straight to the service it is refused.
    const query = new URLSearchParams(parameters).toString();
    const url = `${opened.stage.service.url}/oauth/callback/${opened.stage.clientId}?${query}`;
    expect((await fetch(url, { headers: { cookie: kept.cookie } })).status).toBe(400);
    expect(exchanged(opened.stage)).toBe(0);
  });
});

test("a link that somebody opened first is worth nothing to him once its owner opens it (session fixation)", async () => {
  const stage = await openStage();
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  const [his, hers] = [await open(session.at("connect_url")), await open(session.at("connect_url"))];
  expect(hers.state).not.toBe(his.state);
  const iss = stage.sandbox.url;
  for (const cookie of [his.cookie, hers.cookie, `${his.cookie}; ${hers.cookie}`]) {
    expect((await comeBack(stage, { code: "c", state: his.state, iss }, { cookie })).status).toBe(400);
  }
  expect((await comeBack(stage, { code: "c", state: hers.state, iss }, { cookie: his.cookie })).status).toBe(400);
  expect(exchanged(stage)).toBe(0);

  async function open(url: string) {
    const left = await fetch(url, { redirect: "manual" });
    const state = new URL(left.headers.get("location") ?? "").searchParams.get("state") ?? "";
    return { state, cookie: left.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
  }
});

test("two tenants with clients of their own at one provider: each is refreshed by its own, and the server counts no other", async () => {
  const stage = await openStage();
  const stranger = (await openAnotherTenant(stage, ["admin"])).get("admin");
  if (!stranger) throw new Error("no key of the other tenant");
  const clientSecret = "the-secret-of-the-other-tenant";
  const made = await stranger("POST", "/v1/clients", {
    provider: "sandbox",
    client_id: "of-another",
    client_secret: clientSecret,
    scopes: ["files.read"],
  });
  const redirectUris = [made.at("redirect_uri")];
  await stage.sandbox.control.putClient({ clientId: "of-another", clientSecret, redirectUris });

  const first = (await stage.connect("alice")).connectionId;
  const session = await stranger("POST", "/v1/connect-sessions", { client: made.at("id") });
  await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
  const second = (await stranger("GET", `/v1/connect-sessions/${session.at("id")}`)).at("connection_id");
  const counts = () => stage.sandbox.control.counts();
  expect(counts().tokenRequestsByClient).toEqual({ evergrant: 1, "of-another": 1 });

  for (const round of [1, 2, 3]) {
    const path = `/v1/connections/${second}/refresh`;
    expect((await stranger("POST", path)).body).toMatchObject({ status: "active", generation: round + 1 });
  }
  expect(counts().tokenRequestsByClient).toEqual({ evergrant: 1, "of-another": 4 });
  await stage.clock.advance(55 * 60_000);
  await expect.poll(() => counts().refreshesSucceeded).toBe(5);
  expect(counts().tokenRequestsByClient).toEqual({ evergrant: 2, "of-another": 5 });
  await stage.restart();
  expect((await stage.api("POST", `/v1/connections/${first}/refresh`)).body).toMatchObject({ status: "active" });
  expect(counts()).toMatchObject({ tokenRequestsByClient: { evergrant: 3, "of-another": 5 }, refreshesRejected: 0 });

  // Neither can be begun with the other's client, by whoever asks.
  const crossed = [
    stage.api("POST", "/v1/connect-sessions", { client: made.at("id"), connection: first }),
    stage.api("POST", "/v1/connect-sessions", { client: made.at("id") }),
    stranger("POST", "/v1/connect-sessions", { connection: first, client: made.at("id") }),
    stranger("POST", "/v1/connections/import", { client: stage.clientId, token_set: { refresh_token: "r" } }),
  ];
  expect((await Promise.all(crossed)).map(({ status }) => status)).toEqual([400, 404, 404, 404]);
  expect(counts().tokenRequestsByClient).toEqual({ evergrant: 3, "of-another": 5 });
});
