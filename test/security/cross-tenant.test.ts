import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SCOPES } from "../../src/access/api-key.ts";
import { createApi, type Answer, type Api } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { openAnotherTenant } from "./another-tenant.ts";
import { openIncident } from "./open-incident.ts";
import { startCampaign } from "./campaign.ts";
import { exportOf, NOBODY_LISTENS, NONE, ROUTES, UNKNOWN, type Ids, type Route } from "./route-table.ts";

/** Those that are called with an id of something, in the path or in the body. */
const withIds = ROUTES.filter(({ call }) => JSON.stringify(call(UNKNOWN)) !== JSON.stringify(call(NONE)));

/** A tenant with one of everything, and the keys of another, one for each scope. */
async function openTwoTenants() {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId, end_user: "owner" });
  const key = await stage.api("POST", "/v1/api-keys", { name: "of the owner", scopes: ["token:read"] });
  const ids: Ids = {
    connection: connectionId,
    client: stage.clientId,
    secret: await eraseOne(stage),
    session: session.at("id"),
    key: key.at("id"),
    tenant: "default",
    operator: (await stage.api("POST", "/v1/operator-sessions")).at("id"),
    virtual: (await stage.api("POST", "/v1/virtual-refresh-tokens", { connection: connectionId })).at("id"),
    campaign: await startCampaign(stage.api, stage.clientId),
    export: (await stage.api("POST", "/v1/exports", exportOf(stage.clientId))).at("id"),
    endpoint: (await stage.api("POST", "/v1/webhook-endpoints", { url: NOBODY_LISTENS })).at("id"),
    incident: openIncident(stage),
  };
  return { stage, ids, strangers: await openAnotherTenant(stage, SCOPES) };
}

/** A secret of the client that was staged and erased. */
async function eraseOne({ api, clientId }: Stage): Promise<string> {
  const path = `/v1/clients/${clientId}/secrets`;
  const id = (await api("POST", path, { client_secret: "erased-soon" })).at("id");
  await api("DELETE", `${path}/${id}`);
  return id;
}

function send(api: Api, route: Route, ids: Ids): Promise<Answer> {
  const { path, body } = route.call(ids);
  return api(route.method, path, body);
}

/** What an answer says, with every id in it made alike. */
function wording({ status, text }: Answer, ids: Ids): [number, string] {
  return [status, Object.entries(ids).reduce((rest, [kind, id]) => rest.replaceAll(id, kind), text)];
}

async function stateOf({ api }: Stage): Promise<string[]> {
  const lists = [
    "/v1/connections",
    "/v1/clients",
    "/v1/api-keys",
    "/v1/virtual-refresh-tokens",
    "/v1/providers/sandbox",
  ];
  return Promise.all(lists.map(async (path) => (await api("GET", path)).text));
}

/** A stream, which no call of the table would see the end of; test/api/dashboard.test.ts tries it. */
const ENDLESS = "GET /v1/live";

test("every route under /v1 is in the table, with the scope it needs, and no other is", async () => {
  const stage = await openStage();
  const document = (await stage.api("GET", "/openapi.json")).body;
  const documented = Object.entries<object>(Reflect.get(document ?? {}, "paths")).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const folder = new URL("../../src/api/routes/", import.meta.url);
  const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), "utf8"));
  const written = sources.flatMap((text) =>
    [...text.matchAll(/app\.(\w+)\(\s*"(\/v1[^"]*)"/g)].map(
      ([, method = "", path = ""]) => `${method.toUpperCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`,
    ),
  );
  const listed = [...ROUTES.map(({ method, path }) => `${method} ${path}`), ENDLESS].toSorted();
  expect(documented.filter((route) => route.includes("/v1/")).toSorted()).toEqual(listed);
  expect(written.toSorted()).toEqual(listed);
});

describe("every route", () => {
  test("answers another tenant's id exactly like one that nobody has, whatever the key may do", async () => {
    const { stage, ids, strangers } = await openTwoTenants();
    const before = await stateOf(stage);
    const counted = stage.sandbox.control.counts();
    expect(withIds.length).toBeGreaterThan(14);
    for (const route of withIds) {
      for (const scope of new Set([route.scope, "admin"] as const)) {
        const stranger = strangers.get(scope);
        if (!stranger) throw new Error(`no key for ${scope}`);
        const foreign = await send(stranger, route, ids);
        const unknown = await send(stranger, route, UNKNOWN);
        const name = `${route.method} ${route.path}`;
        expect([name, foreign.status]).toEqual([name, 404]);
        expect([name, wording(foreign, ids)]).toEqual([name, wording(unknown, UNKNOWN)]);
      }
    }
    expect(await stateOf(stage)).toEqual(before);
    expect(stage.sandbox.control.counts()).toEqual(counted);
  });

  test("refuses a key without its scope, and a call without a key, before it looks at anything", async () => {
    const { stage, ids, strangers } = await openTwoTenants();
    const nobody = createApi(stage.service.url, "");
    for (const route of ROUTES) {
      const name = `${route.method} ${route.path}`;
      expect([name, (await send(nobody, route, ids)).body]).toMatchObject([
        name,
        { status: 401, code: "unauthorized" },
      ]);
      for (const [scope, stranger] of strangers) {
        if (scope === route.scope || scope === "admin") continue;
        const refused = await send(stranger, route, ids);
        expect([name, scope, refused.body]).toMatchObject([name, scope, { status: 403, code: "forbidden" }]);
      }
    }
  });

  test("tells another tenant nothing of the first one's things in its lists", async () => {
    const { ids, strangers } = await openTwoTenants();
    const lists = ROUTES.filter(({ method, path }) => method === "GET" && !path.includes("{"));
    const open = lists.filter(({ isOperators }) => isOperators !== true);
    expect(lists.length).toBeGreaterThan(3);
    for (const route of open) {
      const filtered = ["", `?client=${ids.client}`, `?after=${UNKNOWN.connection}`];
      for (const query of route.path === "/v1/connections" ? filtered : [""]) {
        const answer = await strangers.get("admin")?.("GET", route.call(UNKNOWN).path + query);
        expect([route.path, answer?.status]).toEqual([route.path, route.forOwner]);
        const { tenant: _, ...things } = ids;
        for (const id of Object.values(things)) expect(answer?.text.includes(id)).toBe(false);
      }
    }
  });

  test("of the operator is none for administrators of other tenants", async () => {
    const { ids, strangers } = await openTwoTenants();
    const stranger = strangers.get("admin");
    for (const route of ROUTES.filter(({ isOperators }) => isOperators)) {
      const refused = stranger && (await send(stranger, route, ids));
      expect([route.path, refused?.body]).toMatchObject([route.path, { status: 403, code: "forbidden" }]);
    }
  });

  test("does for the owner what it refuses to strangers", async () => {
    const { stage, ids } = await openTwoTenants();
    for (const route of ROUTES) {
      const name = `${route.method} ${route.path}`;
      expect([name, (await send(stage.api, route, ids)).status]).toEqual([name, route.forOwner]);
    }
  });
});

test("providers are shared: another tenant reads them, and changes none, built-in, custom or new", async () => {
  const { stage, strangers } = await openTwoTenants();
  const entry = { name: "Mine", authorization_url: "https://evil.example/a", token_url: "https://evil.example/t" };
  const stranger = strangers.get("admin");
  expect((await stranger?.("GET", "/v1/providers/sandbox"))?.status).toBe(200);
  const before = await stateOf(stage);
  for (const id of ["sandbox", "google", "new-one"]) {
    for (const scope of ["admin", "clients:write"] as const) {
      const refused = await strangers.get(scope)?.("PUT", `/v1/providers/${id}`, entry);
      expect([id, refused?.body]).toMatchObject([id, { status: 403, code: "forbidden" }]);
    }
  }
  expect(await stateOf(stage)).toEqual(before);
  expect((await stage.api("GET", "/v1/providers/new-one")).status).toBe(404);
});

test("a key that may make clients makes providers too, but does not send the tokens of those that there are elsewhere", async () => {
  const stage = await openStage();
  const made = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["clients:write"] });
  const limited = createApi(stage.service.url, made.at("key"));
  const entry = { name: "Mine", authorization_url: "https://evil.example/a", token_url: "https://evil.example/t" };
  expect((await limited("PUT", "/v1/providers/new-one", entry)).status).toBe(200);
  for (const id of ["sandbox", "google", "new-one"]) {
    const refused = await limited("PUT", `/v1/providers/${id}`, entry);
    expect([id, refused.body]).toMatchObject([id, { status: 403, code: "forbidden" }]);
    expect((await stage.api("PUT", `/v1/providers/${id}`, entry)).status).toBe(200);
  }
});

test("another tenant's own things are its own, and the first tenant's key does not reach them", async () => {
  const { stage, strangers } = await openTwoTenants();
  const stranger = strangers.get("admin");
  const made = await stranger?.("POST", "/v1/clients", { provider: "sandbox", client_id: "b", client_secret: "s" });
  const id = made?.at("id") ?? "";
  expect((await stranger?.("GET", `/v1/clients/${id}`))?.status).toBe(200);
  expect((await stage.api("GET", `/v1/clients/${id}`)).status).toBe(404);
  expect((await stage.api("GET", "/v1/clients")).text).not.toContain(id);
});

test("a token that the service has in memory is told to nobody else either", async () => {
  const { stage, ids, strangers } = await openTwoTenants();
  const path = `/v1/connections/${ids.connection}/access-token`;
  for (let round = 0; round < 3; round++) {
    expect((await stage.api("GET", path)).status).toBe(200);
    for (const [scope, status] of [
      ["token:read", 404],
      ["admin", 404],
      ["connections:read", 403],
    ] as const) {
      expect([scope, (await strangers.get(scope)?.("GET", path))?.status]).toEqual([scope, status]);
    }
  }
});
