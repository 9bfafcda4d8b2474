import { once } from "node:events";
import { request as send, type IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";
import { createScriptedUser } from "@evergrant/sandbox";
import { describe, expect, test } from "vitest";
import type { Stage } from "../stage/stage.ts";
import { addTenant, connectAs, openTwoTenants, type TenantStage } from "./two-tenants.ts";

const ACME = "https://connect.acme.example";
const MALLORY = "https://sign-in.mallory.example";

interface Page {
  status: number;
  headers: IncomingMessage["headers"];
  text: string;
}

/** Opens an address of the service as a browser would that found its machine under that host. */
async function open(stage: Stage, url: string, headers: Record<string, string> = {}): Promise<Page> {
  const { host, pathname, search } = new URL(url);
  const sent = send(stage.service.url + pathname + search, { headers: { host, ...headers } }).end();
  const [response]: [IncomingMessage] = await once(sent, "response").then(([first]) => [first]);
  return { status: response.statusCode ?? 0, headers: response.headers, text: await readText(response) };
}

function cookieOf({ headers }: Page): string {
  return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

/** A browser that a tenant sent to the provider from its own address. */
async function depart(stage: Stage, { api, clientId }: TenantStage) {
  const session = await api("POST", "/v1/connect-sessions", { client: clientId });
  const left = await open(stage, session.at("connect_url"));
  const authorization = new URL(left.headers.location ?? "").searchParams;
  return { session, left, authorization, state: authorization.get("state") ?? "", cookie: cookieOf(left) };
}

const exchanged = (stage: Stage) => stage.sandbox.control.counts().authorizationCodeRequests;

/** Its machine is found under two names. */
const localhost = ({ settings }: Stage) => `http://localhost:${settings.port}`;

describe("a tenant's address", () => {
  test("is where its users go and come back: in connect links, redirect URIs and reauthorization links", async () => {
    const { stage, acme, mallory } = await openTwoTenants({ acme: ACME });
    expect(acme.redirectUri).toBe(`${ACME}/oauth/callback/${acme.clientId}`);
    expect(mallory.redirectUri.startsWith(stage.settings.publicUrl)).toBe(true);
    const { session, authorization } = await depart(stage, acme);
    expect(session.at("connect_url").startsWith(`${ACME}/connect/`)).toBe(true);
    expect(authorization.get("redirect_uri")).toBe(acme.redirectUri);
    const imported = await acme.api("POST", "/v1/connections/import", {
      client: acme.clientId,
      token_set: { refresh_token: "unknown" },
    });
    const link = await acme.api("POST", `/v1/connections/${imported.at("id")}/reauthorization-link`);
    expect(link.at("url").startsWith(`${ACME}/reauthorize/`)).toBe(true);
    const refused = await acme.api("GET", `/v1/connections/${imported.at("id")}/access-token`);
    expect(refused.at("reauthorization_url").startsWith(`${ACME}/reauthorize/`)).toBe(true);
  });

  test("carries a user all the way, with the redirect URI in the code exchange", async () => {
    const { stage } = await openTwoTenants();
    const tenant = await addTenant(stage, "local", localhost(stage));
    const { session } = await connectAs(tenant, "alice");
    expect(session.body).toMatchObject({ status: "completed", problem: null });
    expect(tenant.redirectUri.startsWith("http://localhost:")).toBe(true);
  });

  test("has a cookie of its own host, which no other host can set and which is not taken from plain http", async () => {
    const { stage, acme } = await openTwoTenants({ acme: ACME });
    const { left, state, cookie } = await depart(stage, acme);
    expect(left.headers["set-cookie"]?.[0]).toMatch(
      /^__Host-evergrant_connect_[\w-]{12}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/,
    );
    const query = new URLSearchParams({ code: "c", state, iss: stage.sandbox.url }).toString();
    const url = `${acme.redirectUri}?${query}`;
    expect((await open(stage, url, { cookie: cookie.replace("__Host-", "") })).status).toBe(400);
    expect(exchanged(stage)).toBe(0);
    await open(stage, url, { cookie });
    expect(exchanged(stage)).toBe(1);
  });
});

/** A sign-in that was started at the one address, and a way to end it at any. */
async function started() {
  const { stage, acme, mallory } = await openTwoTenants({ acme: ACME, mallory: MALLORY });
  const { state, cookie } = await depart(stage, acme);
  const query = new URLSearchParams({ code: "c", state, iss: stage.sandbox.url }).toString();
  const at = (origin: string, headers: Record<string, string> = {}) =>
    open(stage, `${origin}/oauth/callback/${acme.clientId}?${query}`, { cookie, ...headers });
  return { stage, acme, mallory, at };
}

describe("a callback at another address than the one where the sign-in was started", () => {
  test("is refused at another tenant's and at the installation's, and finishes at its own", async () => {
    const { stage, at } = await started();
    const { host: installation } = new URL(stage.settings.publicUrl);
    const name = "sign-in.mallory.example";
    for (const host of [name, name.toUpperCase(), `${name}:443`, `${name}.`, `${name}.:443`, installation]) {
      const page = await at(MALLORY, { host });
      expect([host, page.status]).toEqual([host, 400]);
      expect(page.text).toContain("came to another address");
    }
    expect(exchanged(stage)).toBe(0);
    await at(ACME);
    expect(exchanged(stage)).toBe(1);
  });

  test("is judged by `Host` alone, whatever else names another", async () => {
    const { stage, at } = await started();
    const host = new URL(ACME).host;
    const page = await at(MALLORY, { "x-forwarded-host": host, forwarded: `host=${host}` });
    expect([page.status, exchanged(stage)]).toEqual([400, 0]);
  });

  test("is as before where the host is nobody's: a proxy may have a name of its own for this machine", async () => {
    const { stage, at } = await started();
    await at("http://evergrant-upstream:4100");
    expect(exchanged(stage)).toBe(1);
  });
});

describe("a link", () => {
  test("of one tenant does not begin at the address of another", async () => {
    const { stage, acme, mallory } = await openTwoTenants({ acme: ACME, mallory: MALLORY });
    const session = await mallory.api("POST", "/v1/connect-sessions", { client: mallory.clientId });
    const { pathname } = new URL(session.at("connect_url"));
    for (const origin of [ACME, stage.settings.publicUrl]) {
      const page = await open(stage, origin + pathname);
      expect([page.status, page.headers.location, page.headers["set-cookie"]]).toEqual([404, undefined, undefined]);
      expect(page.text).toContain("not for this address");
    }
    expect((await open(stage, MALLORY + pathname)).status).toBe(302);
    expect(acme.redirectUri.startsWith(ACME)).toBe(true);
  });

  test("to sign in again outlives the address that it was made with, and leads to the new one first", async () => {
    const { stage } = await openTwoTenants();
    const tenant = await addTenant(stage, "moves");
    const { id } = await connectAs(tenant, "alice");
    const link = await tenant.api("POST", `/v1/connections/${id}/reauthorization-link`);
    expect(link.at("url").startsWith(stage.settings.publicUrl)).toBe(true);
    const moved = { public_url: localhost(stage), redirect_uris: "change" };
    expect((await stage.api("PATCH", `/v1/tenants/${tenant.id}`, moved)).status).toBe(200);
    const client = await tenant.api("GET", `/v1/clients/${tenant.clientId}`);
    expect(client.at("redirect_uri").startsWith("http://localhost:")).toBe(true);
    await stage.sandbox.control.putClient({
      clientId: tenant.registeredAs,
      clientSecret: "secret-of-moves",
      redirectUris: [client.at("redirect_uri")],
    });
    const first = await open(stage, link.at("url"));
    expect(first.headers.location?.startsWith(`${localhost(stage)}/reauthorize/${id}.`)).toBe(true);
    expect(first.headers["set-cookie"]).toBeUndefined();
    const page = await createScriptedUser({ user: "alice" }).visit(link.at("url"));
    expect([page.status, new URL(page.url).hostname]).toEqual([200, "localhost"]);
    expect((await tenant.api("GET", `/v1/connections/${id}`)).body).toMatchObject({ status: "active", generation: 2 });
    await stage.clock.advance(5_000);
    const next = await tenant.api("POST", `/v1/connections/${id}/reauthorization-link`);
    expect(next.at("url").startsWith(localhost(stage))).toBe(true);
  });
});

describe("when a tenant's address changes", () => {
  test("its clients keep their redirect URIs, and with them the address where their users begin", async () => {
    const { stage, acme } = await openTwoTenants({ acme: ACME });
    await stage.api("PATCH", `/v1/tenants/${acme.id}`, { public_url: "https://new.acme.example" });
    expect((await acme.api("GET", `/v1/clients/${acme.clientId}`)).at("redirect_uri")).toBe(acme.redirectUri);
    const session = await acme.api("POST", "/v1/connect-sessions", { client: acme.clientId });
    expect(session.at("connect_url").startsWith(ACME)).toBe(true);
    const later = await acme.api("POST", "/v1/clients", { provider: "google", client_id: "x", client_secret: "s" });
    expect(later.at("redirect_uri").startsWith("https://new.acme.example/")).toBe(true);
  });

  test("a sign-in that is under way comes back to where it left, and its code is exchanged with that", async () => {
    const { stage } = await openTwoTenants();
    const tenant = await addTenant(stage, "moves");
    const session = await tenant.api("POST", "/v1/connect-sessions", { client: tenant.clientId });
    const left = await fetch(session.at("connect_url"), { redirect: "manual" });
    const cookie = left.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const refused = await createScriptedUser({ user: "alice" }).visit(left.headers.get("location") ?? "");
    expect(refused.status).toBe(400);
    await stage.api("PATCH", `/v1/tenants/${tenant.id}`, { public_url: localhost(stage), redirect_uris: "change" });
    expect((await open(stage, refused.url, { cookie })).status).toBe(200);
    const done = await tenant.api("GET", `/v1/connect-sessions/${session.at("id")}`);
    expect(done.body).toMatchObject({ status: "completed", problem: null });
  });
});

describe("a client's own address", () => {
  test("is given by the operator, and goes before its tenant's", async () => {
    const { stage, acme } = await openTwoTenants({ acme: ACME });
    const body = { provider: "google", client_id: "x", client_secret: "s", public_url: "https://own.acme.example" };
    const made = await stage.api("POST", "/v1/clients", { ...body, tenant: acme.id });
    expect(made.at("redirect_uri")).toBe(`https://own.acme.example/oauth/callback/${made.at("id")}`);
    const session = await acme.api("POST", "/v1/connect-sessions", { client: made.at("id") });
    expect(session.at("connect_url").startsWith("https://own.acme.example/connect/")).toBe(true);
  });

  test("is not chosen by a tenant, who could have his sign-ins begin at the address of another", async () => {
    const { acme, mallory } = await openTwoTenants({ acme: ACME });
    const body = { provider: "sandbox", client_id: "x", client_secret: "s", public_url: ACME };
    expect((await mallory.api("POST", "/v1/clients", body)).body).toMatchObject({ status: 403, code: "forbidden" });
    expect((await acme.api("POST", "/v1/clients", body)).status).toBe(403);
  });
});
