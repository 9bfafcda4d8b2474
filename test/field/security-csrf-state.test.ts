import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { startFront } from "../stage/front.ts";
import { openStage } from "../stage/stage.ts";
import { comeBack, consent, depart } from "./browser.ts";
import { entryFor, startScriptedProvider } from "./scripted-provider.ts";

/** A service at a scripted provider, whose entry is one that names no account. */
async function open() {
  const provider = await startScriptedProvider();
  return { provider, stage: await openStage({ provider: () => entryFor(provider, "linear") }) };
}

// With the access token only, the refresh token would go on bringing others.
test("linear-disconnect-revokes-only-access-token: the refresh token is revoked, and a provider in trouble keeps nothing alive here", async () => {
  const { provider, stage } = await open();
  const first = (await consent(stage)).session.at("connection_id");
  const revoked = await stage.api("DELETE", `/v1/connections/${first}`);
  expect(revoked.body).toMatchObject({ status: "disconnected", revocation: "revoked" });
  const [form] = provider.revocations;
  expect([form?.get("token"), form?.get("token_type_hint")]).toEqual(["rt-1", "refresh_token"]);

  const second = (await consent(stage)).session.at("connection_id");
  provider.revocation = () => ({ status: 500 });
  const failed = await stage.api("DELETE", `/v1/connections/${second}`);
  expect(failed.body).toMatchObject({ status: "disconnected", revocation: "failed" });
  expect(failed.at("detail")).toContain("HTTP 500");
  expect(provider.revocations.at(-1)?.get("token")).toBe("rt-2");
  expect((await stage.token(second)).body).toMatchObject({ code: "connection_disconnected" });
  const history = await stage.api("GET", `/v1/connections/${second}/history?limit=1`);
  expect(history.body).toMatchObject({ history: [{ kind: "disconnected", detail: { revocation: "failed" } }] });
});

test("reconnect-url-reused-after-success: a callback that comes again shows what the first one came to, in its own browser only", async () => {
  const front = await startFront();
  const provider = await startScriptedProvider();
  const stage = await openStage({ publicUrl: front.origin, provider: () => entryFor(provider, "linear") });
  front.target = stage.service.url;
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
  const [landing] = front.landings;
  const deliver = async (cookie = landing?.cookie ?? "") => {
    const page = await fetch(front.target + (landing?.path ?? ""), { headers: { cookie } });
    return { status: page.status, text: await page.text() };
  };
  const clicks = await Promise.all([deliver(), deliver()]);
  expect(clicks.map(({ status }) => status)).toEqual([200, 200]);
  for (let back = 0; back < 2; back++) expect((await deliver()).text).toContain("The account is connected");
  expect(await deliver("")).toMatchObject({ status: 400 });
  expect((await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"))).status).toBe(400);
  expect(provider.tokenRequests).toHaveLength(1);
  expect((await stage.api("GET", "/v1/connections")).body).toMatchObject({ connections: [{ status: "active" }] });
});

// Names of users may hold whatever somebody could separate fields by.
const NAMES = ["a:b", "a", "b:a|con_1.cli_1", "ü&user=a%3Ab"];

test("state-subject-not-matched-to-owner: nothing in the URL says whose connection it becomes, and a state that was touched is worth nothing", async () => {
  const { provider, stage } = await open();
  const states: string[] = [];
  for (const end_user of NAMES) {
    const left = await depart(stage, { client: stage.clientId, end_user });
    const { state, cookie } = left;
    states.push(state);
    const touched = [`${state}x`, state.slice(0, -1), state.toUpperCase(), `${state}:a`, states[0] ?? ""];
    for (const wrong of touched.filter((text) => text !== state)) {
      expect((await comeBack(stage, { code: "c", state: wrong }, { cookie })).status).toBe(400);
    }
    const asked = provider.tokenRequests.length;
    const claims = { user: "a", end_user: "a", connection: "con_1", client: "cli_1", provider: "google" };
    expect((await comeBack(stage, { code: "c", state, ...claims }, { cookie })).status).toBe(200);
    expect(provider.tokenRequests).toHaveLength(asked + 1);
    const session = await stage.api("GET", `/v1/connect-sessions/${left.session.at("id")}`);
    const connection = await stage.api("GET", `/v1/connections/${session.at("connection_id")}`);
    expect(connection.body).toMatchObject({ end_user, client: stage.clientId });
  }
  expect(new Set(states).size).toBe(NAMES.length);
  for (const state of states) expect(state).toMatch(/^[\w-]{43}$/);
});

test("static-state-never-validated: a callback without a state of its own sign-in is refused, and nothing is exchanged", async () => {
  const { provider, stage } = await open();
  const left = await depart(stage);
  const other = await stage.api("POST", "/v1/clients", { provider: "sandbox", client_id: "b", client_secret: "s" });
  const elsewhere = await depart(stage, { client: other.at("id") });
  const both = `${left.cookie}; ${elsewhere.cookie}`;
  for (const parameters of [{ code: "c" }, { code: "c", state: "" }, { code: "c", state: "static" }]) {
    expect((await comeBack(stage, parameters, { cookie: both })).status).toBe(400);
  }
  // Of another client, with and without its cookie, and of another sign-in in another browser.
  const foreign = { code: "c", state: elsewhere.state };
  expect((await comeBack(stage, foreign, { cookie: both })).status).toBe(400);
  expect((await comeBack(stage, foreign, { cookie: left.cookie })).status).toBe(400);
  const stranger = await depart(stage);
  expect((await comeBack(stage, { code: "c", state: stranger.state }, { cookie: left.cookie })).status).toBe(400);
  expect(provider.tokenRequests).toEqual([]);
  expect((await stage.api("GET", "/v1/connections")).body).toMatchObject({ connections: [] });

  expect((await comeBack(stage, { code: "c", state: left.state }, { cookie: left.cookie })).status).toBe(200);
  expect(provider.tokenRequests).toHaveLength(1);
});
