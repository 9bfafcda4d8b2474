import { describe, expect, test } from "vitest";
import { createApi, type Api } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";

const ADDRESS = "https://connect.acme.example";

async function addTenant(stage: Stage, body: Record<string, unknown> = {}) {
  const made = await stage.api("POST", "/v1/tenants", { name: "Acme", ...body });
  expect(made.status).toBe(201);
  return made.at("id");
}

/** A key of the tenant, as the operator makes the first one. */
async function keyOf(stage: Stage, tenant: string, scopes: string[] = ["admin"]): Promise<Api> {
  const made = await stage.api("POST", "/v1/api-keys", { name: "first", scopes, tenant });
  expect(made.status).toBe(201);
  return createApi(stage.service.url, made.at("key"));
}

const client = { provider: "google", client_id: "x", client_secret: "s" };

describe("a tenant", () => {
  test("is made, shown, listed and changed", async () => {
    const stage = await openStage();
    const id = await addTenant(stage, { public_url: "https://CONNECT.acme.example/", limits: { clients: 3 } });
    expect(id).toMatch(/^ten_[0-9a-z]{26}$/);
    const limits = {
      clients: 3,
      connections: null,
      api_keys: null,
      connect_sessions_per_hour: null,
      requests_per_minute: null,
    };
    const shown = { id, name: "Acme", public_url: ADDRESS, limits, status: "active" };
    expect((await stage.api("GET", `/v1/tenants/${id}`)).body).toMatchObject({
      ...shown,
      usage: { clients: 0, connections: 0, api_keys: 0 },
    });
    const changed = await stage.api("PATCH", `/v1/tenants/${id}`, {
      name: "Acme Ltd",
      public_url: null,
      limits: { clients: null, requests_per_minute: 60 },
    });
    expect(changed.body).toMatchObject({
      name: "Acme Ltd",
      public_url: null,
      limits: { ...limits, clients: null, requests_per_minute: 60 },
    });
    const listed = await stage.api("GET", "/v1/tenants?limit=1");
    expect(listed.body).toMatchObject({ tenants: [{ id: "default" }], next_after: "default" });
    expect((await stage.api("GET", "/v1/tenants?after=default")).body).toMatchObject({
      tenants: [{ id, name: "Acme Ltd" }],
      next_after: null,
    });
  });

  test.each([
    ["no URL", "acme", "public_url"],
    ["with a path", `${ADDRESS}/connect`, "origin"],
    ["with a query", `${ADDRESS}/?a=b`, "origin"],
    ["with a name in it", "https://user@connect.acme.example", "origin"],
    ["of another protocol", "ftp://connect.acme.example", "public_url"],
    ["without TLS", "http://connect.acme.example", "https"],
  ])("has no address that is %s", async (_what, url, hint) => {
    const stage = await openStage();
    const refused = await stage.api("POST", "/v1/tenants", { name: "Acme", public_url: url });
    expect(refused.body).toMatchObject({ status: 400, code: "invalid_request" });
    expect(refused.text).toContain(hint);
  });

  test("shares an address with another where the operator says so: the redirect URI tells them apart", async () => {
    const stage = await openStage();
    const ids = [await addTenant(stage, { public_url: ADDRESS }), await addTenant(stage, { public_url: ADDRESS })];
    const uris = await Promise.all(
      ids.map(async (tenant) => (await stage.api("POST", "/v1/clients", { ...client, tenant })).at("redirect_uri")),
    );
    expect(new Set(uris).size).toBe(2);
    for (const uri of uris) expect(uri).toMatch(/^https:\/\/connect\.acme\.example\/oauth\/callback\/cli_/);
  });

  test("that is the operator's own cannot be changed or deleted", async () => {
    const stage = await openStage();
    for (const [method, body] of [
      ["PATCH", { name: "x" }],
      ["DELETE", { confirm: "Default" }],
    ] as const) {
      expect((await stage.api(method, "/v1/tenants/default", body)).body).toMatchObject({
        status: 409,
        code: "conflict",
      });
    }
    expect((await stage.api("GET", "/v1/connections")).status).toBe(200);
  });
});

describe("the operator acts for a tenant", () => {
  test("makes its first key, which is the tenant's own and reaches nothing else", async () => {
    const stage = await openStage();
    const tenant = await addTenant(stage);
    const api = await keyOf(stage, tenant);
    const made = await api("POST", "/v1/clients", client);
    expect(made.status).toBe(201);
    expect((await stage.api("GET", `/v1/clients/${made.at("id")}`)).status).toBe(404);
    expect((await api("GET", `/v1/clients/${stage.clientId}`)).status).toBe(404);
    expect((await api("GET", "/v1/api-keys")).body).toMatchObject({ api_keys: [{ name: "first" }] });
    expect((await stage.api("GET", "/v1/api-keys")).text).not.toContain('"first"');
  });

  test("adds a client, which is the tenant's", async () => {
    const stage = await openStage();
    const tenant = await addTenant(stage);
    const made = await stage.api("POST", "/v1/clients", { ...client, tenant });
    expect(made.status).toBe(201);
    expect((await stage.api("GET", `/v1/clients/${made.at("id")}`)).status).toBe(404);
    expect((await (await keyOf(stage, tenant))("GET", `/v1/clients/${made.at("id")}`)).status).toBe(200);
  });

  test("as an administrator only, and for a tenant that there is", async () => {
    const stage = await openStage();
    const tenant = await addTenant(stage);
    const own = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["keys:write", "clients:write"] });
    const restricted = createApi(stage.service.url, own.at("key"));
    for (const [path, body] of [
      ["/v1/clients", client],
      ["/v1/api-keys", { name: "x", scopes: ["keys:write"] }],
    ] as const) {
      expect((await restricted("POST", path, { ...body, tenant })).body).toMatchObject({
        status: 403,
        code: "forbidden",
      });
      expect((await restricted("POST", path, { ...body, tenant: "default" })).status).toBe(201);
      expect((await stage.api("POST", path, { ...body, tenant: `ten_${"0".repeat(26)}` })).status).toBe(404);
    }
  });

  test("and no tenant for another: a foreign one is answered like one that nobody has", async () => {
    const stage = await openStage();
    const [first, second] = [await addTenant(stage), await addTenant(stage)];
    const api = await keyOf(stage, first);
    for (const path of ["/v1/clients", "/v1/api-keys"]) {
      const body = path === "/v1/clients" ? client : { name: "x", scopes: ["token:read"] };
      const answers = await Promise.all(
        [second, "default", `ten_${"0".repeat(26)}`].map((tenant) => api("POST", path, { ...body, tenant })),
      );
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect((await api("POST", path, { ...body, tenant: first })).status).toBe(201);
    }
    expect((await api("GET", `/v1/tenants/${first}`)).status).toBe(404);
  });
});

async function limited(limits: Record<string, number>) {
  const stage = await openStage();
  const tenant = await addTenant(stage, { limits });
  return { stage, tenant, api: await keyOf(stage, tenant) };
}

const expectFull = (refused: { body: unknown }) =>
  expect(refused.body).toMatchObject({ status: 409, code: "limit_reached", who_acts: "operator" });

describe("the limits of a tenant", () => {
  test("hold for clients, whoever adds them, and end when they are raised", async () => {
    const { stage, tenant, api } = await limited({ clients: 1 });
    expect((await api("POST", "/v1/clients", client)).status).toBe(201);
    expectFull(await api("POST", "/v1/clients", client));
    expectFull(await stage.api("POST", "/v1/clients", { ...client, tenant }));
    expect((await stage.api("GET", `/v1/tenants/${tenant}`)).body).toMatchObject({ usage: { clients: 1 } });
    await stage.api("PATCH", `/v1/tenants/${tenant}`, { limits: { clients: 2 } });
    expect((await api("POST", "/v1/clients", client)).status).toBe(201);
  });

  test("hold for living API keys, and leave rotation possible", async () => {
    const { api } = await limited({ api_keys: 2 });
    const body = { name: "x", scopes: ["token:read"] };
    const made = await api("POST", "/v1/api-keys", body);
    expectFull(await api("POST", "/v1/api-keys", body));
    expect((await api("POST", `/v1/api-keys/${made.at("id")}/rotate`, { overlap_seconds: 0 })).status).toBe(201);
    expectFull(await api("POST", "/v1/api-keys", body));
  });

  test("hold for connections that are imported or begun, and leave those that there are", async () => {
    const { stage, api } = await limited({ connections: 1 });
    const made = await api("POST", "/v1/clients", { ...client, provider: "sandbox" });
    const of = (token: string) => ({ client: made.at("id"), token_set: { refresh_token: token } });
    const first = await api("POST", "/v1/connections/import", of("rt-1"));
    expect(first.status).toBe(201);
    expectFull(await api("POST", "/v1/connections/import", of("rt-2")));
    expectFull(await api("POST", "/v1/connect-sessions", { client: made.at("id") }));
    // The same again is no other, and one that is there may be renewed.
    expect((await api("POST", "/v1/connections/import", of("rt-1"))).status).toBe(200);
    expect((await api("POST", "/v1/connect-sessions", { connection: first.at("id") })).status).toBe(201);
    await api("DELETE", `/v1/connections/${first.at("id")}`);
    expect((await api("POST", "/v1/connections/import", of("rt-3"))).status).toBe(201);
    expect((await stage.api("GET", "/v1/connections")).body).toMatchObject({ connections: [] });
  });

  test("hold for connect sessions of an hour, with the time to wait", async () => {
    const { stage, api } = await limited({ connect_sessions_per_hour: 2 });
    const made = await api("POST", "/v1/clients", { ...client, provider: "sandbox" });
    const begin = () => api("POST", "/v1/connect-sessions", { client: made.at("id") });
    expect([(await begin()).status, (await begin()).status]).toEqual([201, 201]);
    const refused = await begin();
    expect(refused.body).toMatchObject({ status: 429, code: "rate_limited", retry_after: 1800 });
    await stage.clock.leap(30 * 60_000);
    expect([(await begin()).status, (await begin()).status]).toEqual([201, 429]);
    expect((await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId })).status).toBe(201);
  });

  test("hold for the requests of a minute, over all keys, also where an answer comes from memory", async () => {
    const { stage, tenant } = await limited({ requests_per_minute: 5 });
    const keys = [await keyOf(stage, tenant), await keyOf(stage, tenant)];
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push((await keys[i % 2]?.("GET", "/v1/connections"))?.status ?? 0);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    const refused = await keys[0]?.("GET", "/v1/connections");
    expect(refused?.headers.get("ratelimit-policy")).toContain('"tenant";q=5;w=60');
    expect(refused?.body).toMatchObject({ code: "rate_limited", retry_after: 12 });
    expect((await stage.api("GET", "/v1/connections")).status).toBe(200);
  });

  test("that are changed are noticed within five seconds", async () => {
    const { stage, tenant, api } = await limited({ requests_per_minute: 1 });
    expect([(await api("GET", "/v1/clients")).status, (await api("GET", "/v1/clients")).status]).toEqual([200, 429]);
    await stage.api("PATCH", `/v1/tenants/${tenant}`, { limits: { requests_per_minute: null } });
    await stage.clock.advance(5_000);
    expect((await api("GET", "/v1/clients")).status).toBe(200);
  });
});
