import { readdirSync, readFileSync } from "node:fs";
import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { comeBack, depart } from "../field/browser.ts";
import { startFront } from "../stage/front.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openRaw } from "../stage/raw-database.ts";
import { openStage, type Stage } from "../stage/stage.ts";

const SHIELD = {
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** A page that asks has one form, which goes to us. */
const FORM_SHIELD = {
  ...SHIELD,
  "content-security-policy": SHIELD["content-security-policy"].replace(/'none'$/, "'self'"),
  "referrer-policy": "same-origin",
};

/** How to get each kind of answer from a route. */
type Provocation = (stage: Stage, returnUrl: string) => Promise<Response>;

const newSession = (stage: Stage) => stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
const open = (url: string, method = "GET") => fetch(url, { method, redirect: "manual" });
const at = ({ service }: Stage, path: string) => open(service.url + path);

async function expired(stage: Stage): Promise<Response> {
  const url = (await newSession(stage)).at("connect_url");
  await stage.clock.leap(11 * 60_000);
  return open(url);
}

async function reauthorizationLink(stage: Stage): Promise<string> {
  const { connectionId } = await stage.connect();
  return (await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`)).at("url");
}

async function revoked(stage: Stage): Promise<Response> {
  const link = await reauthorizationLink(stage);
  await stage.api("DELETE", `/v1/connections/${/con_[^.]*/.exec(link)?.[0] ?? ""}/reauthorization-link`);
  return open(link);
}

async function denied(stage: Stage, asked: Record<string, unknown> = {}): Promise<Response> {
  const { state, cookie } = await depart(stage, { client: stage.clientId, ...asked });
  return comeBack(stage, { error: "access_denied", state, iss: stage.sandbox.url }, { cookie });
}

async function withoutTable(stage: Stage, path: string): Promise<Response> {
  const database = openRaw(`${stage.settings.dataDir}/evergrant.db`);
  database.exec("alter table connect_sessions rename to gone");
  database.close();
  return at(stage, path);
}

/** The callback of a whole sign-in, delivered by hand. */
async function connected(): Promise<Response> {
  const front = await startFront();
  const stage = await openStage({ publicUrl: front.origin });
  front.target = stage.service.url;
  await createScriptedUser({ user: "alice" }).visit((await newSession(stage)).at("connect_url"));
  const { path = "", cookie = "" } = front.landings[0] ?? {};
  return fetch(stage.service.url + path, { headers: { cookie } });
}

async function waiting(stage: Stage): Promise<Response> {
  stage.sandbox.control.change({ tokenEndpointFault: { kind: "hang" } });
  const { state, cookie } = await depart(stage);
  const answer = { code: "c", state, iss: stage.sandbox.url };
  const first = comeBack(stage, answer, { cookie });
  await expect.poll(() => stage.sandbox.control.counts().authorizationCodeRequests).toBe(1);
  const second = await comeBack(stage, answer, { cookie });
  stage.sandbox.control.change({ tokenEndpointFault: null });
  await first;
  return second;
}

/** Every route of the pages, and every kind of answer it has, by its status. */
const ANSWERS: Readonly<Record<string, readonly [number, string, Provocation][]>> = {
  "/connect/:token": [
    [302, "sends away", async (stage) => open((await newSession(stage)).at("connect_url"))],
    [200, "tells its headers alone", async (stage) => open((await newSession(stage)).at("connect_url"), "HEAD")],
    [404, "does not know the link", (stage) => at(stage, "/connect/cs_x.y")],
    [400, "finds it expired", expired],
    [500, "meets something that nobody foresaw", (stage) => withoutTable(stage, "/connect/cs_x.y")],
  ],
  "/reauthorize/:token": [
    [200, "asks", async (stage) => open(await reauthorizationLink(stage))],
    [200, "leads on", async (stage) => open(await reauthorizationLink(stage), "POST")],
    [404, "does not know the link", (stage) => at(stage, "/reauthorize/con_x.1.y")],
    [400, "finds it revoked", revoked],
  ],
  "/connect/:session/account": [
    [400, "does not know the browser", ({ service }) => open(`${service.url}/connect/cs_x/account`, "POST")],
  ],
  "/oauth/callback/:client": [
    [400, "does not know the browser", (stage) => at(stage, "/oauth/callback/cli_x?code=c&state=s")],
    [400, "hears that access was denied", (stage) => denied(stage)],
    [302, "sends to the application", (stage, returnUrl) => denied(stage, { return_url: returnUrl })],
    [200, "connects", connected],
    [200, "waits", waiting],
    [
      500,
      "meets something that nobody foresaw",
      (stage) => withoutTable(stage, "/oauth/callback/cli_x?code=c&state=s"),
    ],
  ],
};

/** What nobody foresaw is told as the API tells it. */
const TYPES = new Map([
  [302, undefined],
  [500, "application/problem+json"],
]);

/** These are there only where people sign in as operators; operator-pages.test.ts shows how they are shielded. */
const OPERATORS = ["/operator/callback", "/operator/sign-in"];

/** A client of the API, with a policy of its own: dashboard.test.ts. */
const DASHBOARD = ["/dashboard/*"];

const cases = Object.entries(ANSWERS).flatMap(([route, answers]) =>
  answers.map(([status, what, provoke]) => ({ route, status, what, provoke })),
);

test("every route of the pages is here", () => {
  const folder = new URL("../../src/pages/", import.meta.url);
  const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(new URL(file, folder), "utf8"));
  const routes = sources.flatMap((text) => [...text.matchAll(/\w+\.(?:get|post|route|all)\(\s*"(\/[^"]*)"/g)]);
  const found = [...new Set(routes.map(([, route = ""]) => route))];
  expect(found.toSorted()).toEqual([...Object.keys(ANSWERS), ...OPERATORS, ...DASHBOARD].toSorted());
});

test.each(cases)("$route, when it $what, is shielded", async ({ status, provoke }) => {
  const returnUrl = `${await startPageServer()}/back`;
  const stage = await openStage({ client: { settings: { return_urls: [returnUrl] } } });
  const response = await provoke(stage, returnUrl);
  expect(response.status).toBe(status);
  const text = await response.text();
  const { headers } = response;
  expect(Object.fromEntries(headers)).toMatchObject(text.includes("<form") ? FORM_SHIELD : SHIELD);
  expect(response.headers.has("location")).toBe(status === 302);
  const type = response.headers.get("content-type")?.replace(/;.*/, "");
  expect(type).toBe(TYPES.has(status) ? TYPES.get(status) : "text/html");
  for (const cookie of response.headers.getSetCookie()) {
    expect(cookie).toMatch(/^evergrant_connect_[\w-]{12}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/);
  }
  expect(text).not.toMatch(/<script|<iframe|src=|\son\w+=/i);
  // Nothing leads anywhere but to this service.
  const addresses = [...text.matchAll(/(?:href|action)="([^"]*)"/g)].map(([, address = ""]) => address);
  expect(addresses.filter((address) => !address.startsWith(stage.settings.publicUrl))).toEqual([]);
});

test("under https the cookie is for this host and for https alone", async () => {
  const stage = await openStage({ publicUrl: "https://evergrant.example" });
  const session = await newSession(stage);
  const { pathname } = new URL(session.at("connect_url"));
  const [cookie, ...others] = (await at(stage, pathname)).headers.getSetCookie();
  expect(others).toEqual([]);
  expect(cookie).toMatch(
    /^__Host-evergrant_connect_[\w-]{12}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/,
  );
});

test("no answer but a page's is HTML, and none lets another origin read it", async () => {
  const stage = await openStage();
  const html = "<script>alert(1)</script>";
  const paths = ["/nothing", `/${html}`, "/v1/clients", "/healthz", "/openapi.json", `/v1/connections/${html}`];
  for (const path of paths) {
    const headers = { origin: "https://evil.example", authorization: `Bearer ${stage.adminKey}` };
    const response = await fetch(stage.service.url + path, { headers });
    expect([path, response.headers.get("content-type")]).toEqual([path, expect.stringContaining("json")]);
    expect([path, response.headers.get("access-control-allow-origin")]).toEqual([path, null]);
    expect(await response.text()).not.toContain(html);
  }
});
