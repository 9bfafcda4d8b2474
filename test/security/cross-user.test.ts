import { createScriptedUser } from "@evergrant/sandbox";
import { describe, expect, test } from "vitest";
import { comeBack, depart } from "../field/browser.ts";
import { startFront } from "../stage/front.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openStage, type Stage } from "../stage/stage.ts";

// What test/connect/callback.test.ts and test/field/security-csrf-state.test.ts prove is not repeated here.

const exchanged = ({ sandbox }: Stage) => sandbox.control.counts().authorizationCodeRequests;

async function connections({ api }: Stage): Promise<unknown> {
  return (await api("GET", "/v1/connections")).body;
}

/** Mallory's session at the application, with which Alice signs in. The application learns of it from Alice's browser. */
async function lure(stage: Stage, returnUrl: string, endUser = "mallory", user = "alice") {
  const asked = { client: stage.clientId, end_user: endUser, return_url: returnUrl };
  const session = await stage.api("POST", "/v1/connect-sessions", asked);
  const landed = new URL((await createScriptedUser({ user }).visit(session.at("connect_url"))).url);
  const complete = (body: object) => stage.api("POST", `/v1/connect-sessions/${session.at("id")}/complete`, body);
  return { id: session.at("id"), landed, confirmation: landed.searchParams.get("confirmation") ?? "", complete };
}

async function openWithReturnUrl() {
  const returnUrl = `${await startPageServer()}/back`;
  return { returnUrl, stage: await openStage({ client: { settings: { return_urls: [returnUrl] } } }) };
}

describe("another person signs in with a session that somebody made for himself (COAT)", () => {
  test("he knows its id, and comes to the return URL before her; without what her browser was told nothing is connected", async () => {
    const { stage, returnUrl } = await openWithReturnUrl();
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
    const { stage, returnUrl } = await openWithReturnUrl();
    const { confirmation, complete } = await lure(stage, returnUrl);
    const refused = await complete({ end_user: "alice", confirmation });
    expect(refused.body).toMatchObject({ status: 409, code: "conflict" });
    expect(exchanged(stage)).toBe(0);
    expect(await connections(stage)).toMatchObject({ connections: [] });
  });

  test("a session that is for her is completed by what her browser was told, once", async () => {
    const { stage, returnUrl } = await openWithReturnUrl();
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
    const asked = { client: stage.clientId, completion: "confirm" };
    const refused = await stage.api("POST", "/v1/connect-sessions", asked);
    expect(refused.body).toMatchObject({ status: 400, code: "invalid_request" });
    expect(refused.at("detail")).toContain("return_url");
  });
});

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

describe("somebody gives his own sign-in to another (CORF, RFC 9700 §4.5 and §4.7)", () => {
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

async function openLink(url: string) {
  const left = await fetch(url, { redirect: "manual" });
  const state = new URL(left.headers.get("location") ?? "").searchParams.get("state") ?? "";
  return { state, cookie: left.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
}

test("a link that somebody opened first is worth nothing to him once its owner opens it (session fixation)", async () => {
  const stage = await openStage();
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  const [his, hers] = [await openLink(session.at("connect_url")), await openLink(session.at("connect_url"))];
  expect(hers.state).not.toBe(his.state);
  const iss = stage.sandbox.url;
  for (const cookie of [his.cookie, hers.cookie, `${his.cookie}; ${hers.cookie}`]) {
    expect((await comeBack(stage, { code: "c", state: his.state, iss }, { cookie })).status).toBe(400);
  }
  expect((await comeBack(stage, { code: "c", state: hers.state, iss }, { cookie: his.cookie })).status).toBe(400);
  expect(exchanged(stage)).toBe(0);
});
