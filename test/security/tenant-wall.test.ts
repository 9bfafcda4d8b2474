import { createHmac } from "node:crypto";
import { expect, test, vi } from "vitest";
import { generateRootKey } from "../../src/keyring/root-key.ts";
import { secret } from "../../src/runtime/secret.ts";
import type * as Opening from "../../src/service/open-database.ts";
import { systemRandom } from "../../src/service/system.ts";
import type { Answer, Api } from "../stage/api.ts";
import { administer } from "../stage/postgres/administer.ts";
import { postgresDatabase, sharedPostgres } from "../stage/postgres/database.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { startCampaign } from "./campaign.ts";
import { withoutFirstWall } from "./forgetful-database.ts";
import { INCIDENT, incidentOf } from "./open-incident.ts";
import { exportOf, NOBODY_LISTENS, NONE, ROUTES, UNKNOWN, type Ids, type Route } from "./route-table.ts";
import { addTenant, connectAs, type TenantStage } from "./two-tenants.ts";

// The first wall is taken away, in order to see the second.
vi.mock("../../src/service/open-database.ts", async (importOriginal) => {
  const { openDatabase } = await importOriginal<typeof Opening>();
  return {
    openDatabase: async (...given: Parameters<typeof openDatabase>) => withoutFirstWall(await openDatabase(...given)),
  };
});

/** Answered from the engine's memory, which is everybody's: there the first wall is the only one. */
const OF_THE_ENGINE = new Set([
  "GET /v1/connections/{id}/access-token",
  "POST /v1/connections/{id}/access-token/rejected",
  "POST /v1/connections/{id}/dpop-proof",
]);
/** Decided by who calls, before anything is looked up. */
const isByCaller = ({ path, isOperators }: Route) => isOperators === true || /^\/v1\/(tenants|keys)\b/.test(path);

/** A tenant makes no providers, and sees no tenants. */
const isOfOperator = (path: string) => /^\/v1\/(providers|tenants)\b/.test(path);

/** They tell numbers, or of the caller and this installation: no thing by its id, by which it would be noticed here. */
const OF_NUMBERS = new Set([
  "GET /v1/overview",
  "GET /v1/refreshes/series",
  "GET /v1/refreshes/health",
  "GET /v1/campaigns/preview",
  "GET /v1/installation",
  "GET /v1/operator-sessions/current",
]);

const nameOf = ({ method, path }: Route) => `${method} ${path}`;
const aboutThings = ROUTES.filter(
  (route) => JSON.stringify(route.call(UNKNOWN)) !== JSON.stringify(route.call(NONE)) && !isByCaller(route),
);
const lists = ROUTES.filter(
  (route) =>
    route.method === "GET" &&
    !route.path.includes("{") &&
    !isByCaller(route) &&
    route.path !== "/v1/providers" &&
    !OF_NUMBERS.has(nameOf(route)),
);

/** Two tenants with one of everything, on PostgreSQL; the service is the database's user of this name. */
async function openScene(user?: string) {
  const url = new URL(await postgresDatabase());
  if (user !== undefined) url.username = user;
  const rootKey = { kind: "value", text: generateRootKey(systemRandom) } as const;
  const stage = await openStage({ settings: { database: { kind: "postgres", url: secret(url.href) }, rootKey } });
  const [owner, stranger] = [await addTenant(stage, "owner"), await addTenant(stage, "stranger")];
  await administer(url.href, incidentOf(owner.id, stage.clock.now()));
  await tellOf(owner, stage);
  return { owner, stranger, ids: await thingsOf(owner) };
}

/** A security event comes to the address of the tenant's client. */
async function tellOf({ api, clientId }: TenantStage, { service, clock }: Stage): Promise<void> {
  const slack_signing_secret = "shared-with-slack";
  await api("PUT", `/v1/clients/${clientId}/security-events`, { slack_signing_secret });
  const event = { type: "app_uninstalled" };
  const body = JSON.stringify({ type: "event_callback", team_id: "T1", event_id: "Ev1", event });
  const timestamp = String(Math.floor(clock.now() / 1000));
  const digest = createHmac("sha256", slack_signing_secret).update(`v0:${timestamp}:${body}`).digest("hex");
  const signed = { "x-slack-request-timestamp": timestamp, "x-slack-signature": `v0=${digest}` };
  const headers = { "content-type": "application/json", connection: "close", ...signed };
  const url = `${service.url}/security-events/${clientId}/slack`;
  expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
}

async function thingsOf(tenant: TenantStage): Promise<Ids> {
  const { api, clientId, id } = tenant;
  const secrets = `/v1/clients/${clientId}/secrets`;
  const erased = (await api("POST", secrets, { client_secret: "erased-soon" })).at("id");
  await api("DELETE", `${secrets}/${erased}`);
  const { id: connection } = await connectAs(tenant, "alice");
  return {
    connection,
    client: clientId,
    secret: erased,
    session: (await api("POST", "/v1/connect-sessions", { client: clientId })).at("id"),
    key: (await api("POST", "/v1/api-keys", { name: "another", scopes: ["token:read"] })).at("id"),
    tenant: id,
    operator: (await api("POST", "/v1/operator-sessions")).at("id"),
    virtual: (await api("POST", "/v1/virtual-refresh-tokens", { connection })).at("id"),
    campaign: await startCampaign(api, clientId),
    export: (await api("POST", "/v1/exports", exportOf(clientId))).at("id"),
    endpoint: (await api("POST", "/v1/webhook-endpoints", { url: NOBODY_LISTENS })).at("id"),
    incident: INCIDENT,
  };
}

function send(api: Api, route: Route, ids: Ids): Promise<Answer> {
  const { path, body } = route.call(ids);
  return api(route.method, path, body);
}

function wording({ status, text }: Answer, ids: Ids): string {
  return Object.entries(ids).reduce((rest, [kind, id]) => rest.replaceAll(id, kind), `${status} ${text}`);
}

/** The routes that tell a stranger of another tenant's thing more than of one that nobody has. */
async function telling(api: Api, ids: Ids): Promise<string[]> {
  const told = [];
  for (const route of lists) {
    const { text } = await send(api, route, ids);
    if (Object.values(ids).some((id) => text.includes(id))) told.push(nameOf(route));
  }
  for (const route of aboutThings) {
    const unknown = wording(await send(api, route, UNKNOWN), UNKNOWN);
    if (wording(await send(api, route, ids), ids) !== unknown) told.push(nameOf(route));
  }
  return told;
}

function stateOf({ api }: TenantStage): Promise<string[]> {
  const paths = [
    "/v1/connections",
    "/v1/clients",
    "/v1/api-keys",
    "/v1/operator-sessions",
    "/v1/audit",
    "/v1/virtual-refresh-tokens",
  ];
  return Promise.all(paths.map(async (path) => (await api("GET", path)).text));
}

test("where no route asks whose a thing is, PostgreSQL tells another tenant's key of none, and changes none", async () => {
  const { owner, stranger, ids } = await openScene();
  const before = await stateOf(owner);
  expect(await telling(stranger.api, ids)).toEqual([]);
  expect(await stateOf(owner)).toEqual(before);
});

test("and without that wall every route would have told", async () => {
  const superuser = new URL(await sharedPostgres()).username;
  const { stranger, ids } = await openScene(superuser);
  const all = [...lists, ...aboutThings].map(nameOf);
  expect(lists.length).toBeGreaterThan(4);
  expect(await telling(stranger.api, ids)).toEqual(all.filter((name) => !OF_THE_ENGINE.has(name)));
});

test("a tenant's own key does behind both walls what it does without", async () => {
  const { owner, ids } = await openScene();
  for (const route of ROUTES.filter(({ isOperators, path }) => isOperators !== true && !isOfOperator(path))) {
    expect([nameOf(route), (await send(owner.api, route, ids)).status]).toEqual([nameOf(route), route.forOwner]);
  }
});
