import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { startFront } from "../stage/front.ts";
import { openStage, type Stage } from "../stage/stage.ts";

/** A browser that was sent to the provider: the state it left with, and its cookie. */
async function depart(stage: Stage) {
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  const left = await fetch(session.at("connect_url"), { redirect: "manual" });
  const state = new URL(left.headers.get("location") ?? "").searchParams.get("state") ?? "";
  const cookie = left.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  return { id: session.at("id"), url: session.at("connect_url"), state, cookie };
}

function callback(stage: Stage, query: Record<string, string>, cookie: string, clientId = stage.clientId) {
  const url = `${stage.settings.publicUrl}/oauth/callback/${clientId}?${new URLSearchParams(query).toString()}`;
  return fetch(url, { headers: { cookie }, redirect: "manual" });
}

const iss = (stage: Stage) => stage.sandbox.url;

test.each([
  ["no state", { code: "c" }],
  ["an empty state", { code: "c", state: "" }],
  ["a state that nobody was given", { code: "c", state: "x".repeat(43) }],
])("a callback with %s is refused and nothing is exchanged", async (_name, query) => {
  const stage = await openStage();
  const { cookie } = await depart(stage);
  const response = await callback(stage, { ...query, iss: iss(stage) }, cookie);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain("does not belong to a sign-in that was started in this browser");
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(0);
});

test("a callback in another browser is refused, and the right browser can still finish", async () => {
  const stage = await openStage();
  const left = await depart(stage);
  const stranger = await depart(stage);
  for (const cookie of ["", stranger.cookie, left.cookie.replace(/=.*/, "="), "other=1"]) {
    expect((await callback(stage, { code: "c", state: left.state, iss: iss(stage) }, cookie)).status).toBe(400);
  }
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(0);
  await callback(stage, { code: "c", state: left.state, iss: iss(stage) }, left.cookie);
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(1);
});

test("two tabs of one browser do not get into each other's way", async () => {
  const stage = await openStage();
  const [first, second] = [await depart(stage), await depart(stage)];
  const both = `${first.cookie}; ${second.cookie}`;
  for (const { id, state } of [second, first]) {
    await callback(stage, { code: "c", state, iss: iss(stage) }, both);
    const session = await stage.api("GET", `/v1/connect-sessions/${id}`);
    expect(session.body).toMatchObject({ status: "failed", problem: { code: "code_exchange_failed" } });
  }
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(2);
});

test("one attempt's token does not speak for another of the same browser", async () => {
  const stage = await openStage();
  const [first, second] = [await depart(stage), await depart(stage)];
  const swapped = `${first.cookie.split("=")[0]}=${second.cookie.split("=")[1]}`;
  expect((await callback(stage, { code: "c", state: first.state, iss: iss(stage) }, swapped)).status).toBe(400);
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(0);
});

test("a callback at another client's redirect URI is refused", async () => {
  const stage = await openStage();
  const left = await depart(stage);
  const other = await stage.api("POST", "/v1/clients", { provider: "sandbox", client_id: "b", client_secret: "s" });
  const response = await callback(
    stage,
    { code: "c", state: left.state, iss: iss(stage) },
    left.cookie,
    other.at("id"),
  );
  expect(response.status).toBe(400);
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(0);
});

test.each([
  ["from another issuer", { iss: "https://evil.example" }],
  ["without the issuer that the server always names (RFC 9207 §2.4)", {}],
])("an answer %s is refused", async (_name, extra) => {
  const stage = await openStage();
  const left = await depart(stage);
  const response = await callback(stage, { code: "c", state: left.state, ...extra }, left.cookie);
  expect(response.status).toBe(400);
  const session = await stage.api("GET", `/v1/connect-sessions/${left.id}`);
  expect(session.body).toMatchObject({ status: "failed", problem: { code: "authorization_failed" } });
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(0);
});

test("an error of the provider is told by its code, and odd codes are not repeated", async () => {
  const stage = await openStage();
  for (const [error, shown] of [
    ["server_error", "server_error"],
    ["<script>alert(1)</script>", "unrecognised_error"],
  ] as const) {
    const left = await depart(stage);
    const response = await callback(stage, { error, state: left.state, iss: iss(stage) }, left.cookie);
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).toContain(shown);
    expect(text).not.toContain("<script>");
  }
});

test("a sign-in that takes longer than ten minutes has to begin anew", async () => {
  const stage = await openStage();
  const left = await depart(stage);
  await stage.clock.advance(10 * 60_000 + 1);
  const late = await callback(stage, { code: "c", state: left.state, iss: iss(stage) }, left.cookie);
  expect(late.status).toBe(400);
  expect(await late.text()).toContain("expired");
  expect((await fetch(left.url, { redirect: "manual" })).status).toBe(400);
  const session = await stage.api("GET", `/v1/connect-sessions/${left.id}`);
  expect(session.body).toMatchObject({ status: "expired" });
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(0);
});

test("a repeated callback, at once or later, exchanges the code once and shows what the first came to", async () => {
  const front = await startFront();
  const stage = await openStage({ publicUrl: front.origin });
  front.target = stage.service.url;
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
  const [landing] = front.landings;
  const deliver = () => fetch(front.target + (landing?.path ?? ""), { headers: { cookie: landing?.cookie ?? "" } });

  const parallel = await Promise.all([1, 2, 3].map(deliver));
  expect(parallel.map(({ status }) => status)).toEqual([200, 200, 200]);
  const again = await deliver();
  expect(await again.text()).toContain("The account is connected");
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(1);
  expect((await stage.api("GET", "/v1/connections")).body).toMatchObject({ connections: [{ status: "active" }] });
});

test("an exchange that nobody finishes is waited for until the session expires, and no longer", async () => {
  const front = await startFront();
  const stage = await openStage({ publicUrl: front.origin });
  front.target = stage.service.url;
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
  const [landing] = front.landings;
  const deliver = () => fetch(front.target + (landing?.path ?? ""), { headers: { cookie: landing?.cookie ?? "" } });

  stage.sandbox.control.change({ tokenEndpointFault: { kind: "hang" } });
  const hanging = deliver();
  await expect.poll(() => stage.sandbox.control.counts().authorizationCodeRequests).toBe(1);
  expect(await (await deliver()).text()).toContain('http-equiv="refresh"');
  await stage.clock.leap(10 * 60_000 + 1);
  const late = await (await deliver()).text();
  expect(late).toContain("expired");
  expect(late).not.toContain('http-equiv="refresh"');
  stage.sandbox.control.change({ tokenEndpointFault: null });
  expect((await hanging).status).toBe(200);
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(1);
});

test("a link is for one use: after the connection is made it leads nowhere", async () => {
  const stage = await openStage();
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
  const again = await fetch(session.at("connect_url"), { redirect: "manual" });
  expect(again.status).toBe(400);
  expect(await again.text()).toContain("already been used");
});

test("a link that was tampered with is not known", async () => {
  const stage = await openStage();
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  const url = session.at("connect_url");
  for (const wrong of [`${url.slice(0, -1)}!`, url.replace(/\.[^.]*$/, ""), `${url}x`]) {
    expect((await fetch(wrong, { redirect: "manual" })).status).toBe(404);
  }
});

test("the pages forbid scripts, frames and referrers, and bind the browser with a cookie that scripts cannot read", async () => {
  const stage = await openStage();
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  const left = await fetch(session.at("connect_url"), { redirect: "manual" });
  expect(left.status).toBe(302);
  expect(left.headers.get("referrer-policy")).toBe("no-referrer");
  expect(left.headers.getSetCookie()[0]).toMatch(
    /^evergrant_connect_[\w-]{12}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/,
  );
  const page = await callback(stage, {}, "");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(page.headers.get("referrer-policy")).toBe("no-referrer");
});
