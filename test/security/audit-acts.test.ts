import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { z } from "zod";
import type { ActName } from "../../src/access/audit.ts";
import { MINUTE } from "../../src/runtime/clock.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openRaw } from "../stage/raw-database.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { openIncident } from "./open-incident.ts";
import { startCampaign } from "./campaign.ts";
import { exportOf, NOBODY_LISTENS, ROUTES, type Ids } from "./route-table.ts";

interface Expected {
  /** What is written down of one call that succeeds: an entry each. None for what is no act, with the reason. */
  acts: readonly ActName[] | string;
  /** How it comes to succeed, where the call of the table does not. */
  call?: (stage: Stage, ids: Ids) => Promise<{ path: string; body?: unknown; status: number }>;
}

const REFRESH = "a refresh is in the connection's history";

/** Every route that may change something. A new one is refused until it stands here. */
const MUTATING: Readonly<Record<string, Expected>> = {
  "PUT /v1/providers/{id}": { acts: ["provider.put"] },
  "POST /v1/clients": { acts: ["client.created"] },
  "PATCH /v1/clients/{id}": { acts: ["client.changed"] },
  "DELETE /v1/clients/{id}": {
    acts: ["client.deleted"],
    call: async (stage) => ({ path: `/v1/clients/${await newClient(stage)}`, status: 204 }),
  },
  "PUT /v1/clients/{id}/security-events": { acts: ["client.changed"] },
  "POST /v1/clients/{id}/secrets": { acts: ["client_secret.added"] },
  "POST /v1/clients/{id}/secrets/{secret}/promote": {
    acts: ["client_secret.promoted"],
    call: async (stage) => ({ path: `${await stagedSecret(stage)}/promote`, body: { force: true }, status: 200 }),
  },
  "DELETE /v1/clients/{id}/secrets/{secret}": {
    acts: ["client_secret.erased"],
    call: async (stage) => ({ path: await stagedSecret(stage), status: 204 }),
  },
  "POST /v1/connect-sessions": { acts: ["connect_session.started"] },
  "POST /v1/connect-sessions/{id}/complete": { acts: ["connect_session.completed"], call: comeBack },
  "POST /v1/connections/import": { acts: ["connection.imported"] },
  "POST /v1/connections/import/preview": { acts: "it is compared and nothing is stored" },
  "PATCH /v1/connections/{id}": {
    acts: ["connection.labels_changed", "connection.policy_changed", "connection.scopes_changed"],
  },
  "POST /v1/connections/{id}/refresh": { acts: REFRESH },
  "POST /v1/connections/{id}/check": { acts: REFRESH },
  "POST /v1/connections/{id}/reauthorization-link": { acts: "a link is signed and nothing is stored" },
  "DELETE /v1/connections/{id}/reauthorization-link": { acts: ["connection.links_revoked"] },
  "POST /v1/connections/{id}/release": { acts: ["connection.released"], call: hold },
  "POST /v1/connections/{id}/access-token/rejected": { acts: REFRESH },
  "POST /v1/connections/{id}/dpop-proof": { acts: "a proof is signed and nothing is stored" },
  "POST /v1/incidents/{id}/acknowledge": { acts: ["incident.acknowledged"] },
  "DELETE /v1/connections/{id}": { acts: ["connection.disconnected"] },
  "POST /v1/campaigns": {
    acts: ["campaign.started"],
    call: async ({ api }, { campaign, client }) => {
      await api("POST", `/v1/campaigns/${campaign}/cancel`);
      return { path: "/v1/campaigns", body: { client }, status: 201 };
    },
  },
  "POST /v1/campaigns/{id}/cancel": { acts: ["campaign.cancelled"] },
  "POST /v1/exports": { acts: ["export.requested"] },
  "POST /v1/exports/{id}/approve": { acts: ["export.approved"], call: askedByAnother },
  "POST /v1/exports/{id}/fetch": {
    acts: ["export.fetched"],
    call: async (stage, { export: id }) => {
      change(stage, "update exports set decision = 'approved', decided_kind = 'api_key', decided_by = 'key_another'");
      return { path: `/v1/exports/${id}/fetch`, status: 200 };
    },
  },
  "POST /v1/exports/{id}/refuse": { acts: ["export.refused"] },
  "POST /v1/tenants": { acts: ["tenant.created"] },
  "PATCH /v1/tenants/{id}": {
    acts: ["tenant.changed"],
    call: async (stage) => ({ path: `/v1/tenants/${await newTenant(stage)}`, body: { name: "Renamed" }, status: 200 }),
  },
  "DELETE /v1/tenants/{id}": {
    acts: ["tenant.deleted"],
    call: async (stage) => ({ path: `/v1/tenants/${await newTenant(stage)}`, body: { confirm: "Acme" }, status: 200 }),
  },
  "POST /v1/api-keys": { acts: ["api_key.created"] },
  "POST /v1/api-keys/{id}/rotate": { acts: ["api_key.rotated"] },
  "DELETE /v1/api-keys/{id}": { acts: ["api_key.revoked"] },
  "POST /v1/virtual-refresh-tokens": { acts: ["virtual_refresh_token.created"] },
  "DELETE /v1/virtual-refresh-tokens/{id}": { acts: ["virtual_refresh_token.revoked"] },
  "POST /v1/agent-tokens": { acts: ["agent_token.minted"] },
  "POST /v1/webhook-endpoints": { acts: ["webhook_endpoint.created"] },
  "PATCH /v1/webhook-endpoints/{id}": { acts: ["webhook_endpoint.changed"] },
  "DELETE /v1/webhook-endpoints/{id}": { acts: ["webhook_endpoint.deleted"] },
  "POST /v1/webhook-endpoints/{id}/secrets": { acts: ["webhook_secret.added"] },
  "DELETE /v1/webhook-endpoints/{id}/secrets/{secret}": { acts: ["webhook_secret.retired"], call: olderSecret },
  "POST /v1/webhook-endpoints/{id}/test": { acts: "a message is sent and nothing is stored" },
  "POST /v1/webhook-endpoints/{id}/deliveries/{delivery}/replay": {
    acts: ["webhook_endpoint.replayed"],
    call: oneDelivery,
  },
  "POST /v1/webhook-endpoints/{id}/replay": {
    acts: ["webhook_endpoint.replayed"],
    call: async (stage, { endpoint }) => {
      await oneDelivery(stage, { endpoint });
      return { path: `/v1/webhook-endpoints/${endpoint}/replay`, body: { since: "2020-01-01T00:00:00Z" }, status: 202 };
    },
  },
  "POST /v1/operator-sessions": { acts: ["operator_session.opened"] },
  "DELETE /v1/operator-sessions/{id}": { acts: ["operator_session.ended"] },
  "DELETE /v1/operator-sessions/current": { acts: "a key has no session to end" },
  "POST /v1/keys/root/rotate": { acts: ["root_key.rotated"], call: anotherRootKey },
  "POST /v1/keys/tenants/{tenant}/rotate": { acts: ["tenant_key.rotated"] },
  "POST /v1/keys/tenants/{tenant}/versions/{version}/retire": { acts: ["tenant_key.retired"], call: retirable },
  "DELETE /v1/keys/tenants/{tenant}": {
    acts: ["tenant_keys.shredded"],
    call: async (_stage, { tenant }) => ({
      path: `/v1/keys/tenants/${tenant}`,
      body: { confirm: tenant },
      status: 200,
    }),
  },
};

const mutating = ROUTES.filter(({ method }) => method !== "GET");

test("every route that may change something says here what is written down of it", () => {
  expect(mutating.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(Object.keys(MUTATING).toSorted());
});

test.each(mutating.map((route) => ({ name: `${route.method} ${route.path}`, route })))(
  "$name is written down once, with who did it, to what and from where, and not at all when it is refused",
  async ({ name, route }) => {
    const expected = MUTATING[name];
    if (!expected) throw new Error("It has to be listed.");
    const { stage, ids } = await openOwned();
    const before = (await entriesOf(stage)).length;
    const called = route.call(ids);
    const given = (await expected.call?.(stage, ids)) ?? { ...called, status: route.forOwner };
    const meanwhile = (await entriesOf(stage)).length - before;
    const refused = await stage.api(route.method, called.path.replace(/\b([a-z]{2,3})_[0-9a-z]{26}/, "$1_none"), "{");
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect((await entriesOf(stage)).length - before).toBe(meanwhile);
    const answer = await stage.api(route.method, given.path, given.body);
    expect([answer.status, answer.text]).toEqual([given.status, expect.anything()]);
    const entries = (await entriesOf(stage)).slice(before + meanwhile);
    const acts = typeof expected.acts === "string" ? [] : expected.acts;
    expect(entries.map(({ act }) => act)).toEqual(acts);
    for (const entry of entries) {
      expect(entry).toMatchObject({ actor: { kind: "api_key", id: adminOf(stage) }, from: "127.0.0.1" });
      expect([entry.act, entry.object === null]).toEqual([entry.act, entry.act === "root_key.rotated"]);
    }
  },
);

test("no secret is in the log of all of them", async () => {
  const { stage, ids } = await openOwned();
  const secrets = new Set([stage.adminKey, "sandbox-client-secret-canary-1", "rt-of-elsewhere", "at-of-elsewhere"]);
  for (const route of mutating) {
    const { path, body } = route.call(ids);
    const answer = await stage.api(route.method, path, body);
    if (path.startsWith("/v1/api-keys") && answer.status === 201) secrets.add(answer.at("key"));
    if (path === "/v1/virtual-refresh-tokens") secrets.add(answer.at("refresh_token"));
    if (path === "/v1/agent-tokens") secrets.add(answer.at("agent_token"));
  }
  const text = JSON.stringify(await entriesOf(stage));
  expect(text.length).toBeGreaterThan(1000);
  expect(secrets.size).toBeGreaterThan(6);
  for (const each of secrets) expect(text.includes(each.slice(-20))).toBe(false);
});

async function openOwned() {
  const returnUrl = `${await startPageServer()}/back`;
  const stage = await openStage({ client: { settings: { return_urls: [returnUrl] } } });
  const { connectionId } = await stage.connect("alice");
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId, return_url: returnUrl });
  const key = await stage.api("POST", "/v1/api-keys", { name: "of the owner", scopes: ["token:read"] });
  const ids: Ids = {
    connection: connectionId,
    client: stage.clientId,
    secret: "sec_none",
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
  return { stage, ids };
}

async function newClient(stage: Stage): Promise<string> {
  const client = { provider: "sandbox", client_id: "another", client_secret: "another-secret" };
  return (await stage.api("POST", "/v1/clients", client)).at("id");
}

/** Its address. */
async function stagedSecret(stage: Stage): Promise<string> {
  const path = `/v1/clients/${await newClient(stage)}/secrets`;
  return `${path}/${(await stage.api("POST", path, { client_secret: "its-successor" })).at("id")}`;
}

async function newTenant(stage: Stage): Promise<string> {
  return (await stage.api("POST", "/v1/tenants", { name: "Acme" })).at("id");
}

/** A user has come back, and the application is to confirm it. */
async function comeBack(stage: Stage) {
  const client = await stage.api("GET", `/v1/clients/${stage.clientId}`);
  const returnUrl = client.at("settings", "return_urls", "0");
  const session = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId, return_url: returnUrl });
  const landed = new URL((await createScriptedUser({ user: "bob" }).visit(session.at("connect_url"))).url);
  const confirmation = landed.searchParams.get("confirmation");
  return { path: `/v1/connect-sessions/${session.at("id")}/complete`, body: { confirmation }, status: 200 };
}

/** The connection is held, as after a restore. */
async function hold(stage: Stage, { connection }: Ids) {
  const diagnosis = { cause: "restored_from_backup", confidence: "possible", evidence: {} };
  change(stage, `update connections set status = 'suspended', diagnosis = '${JSON.stringify(diagnosis)}'`);
  return { path: `/v1/connections/${connection}/release`, status: 200 };
}

/** Somebody else has asked for the export. */
async function askedByAnother(stage: Stage, { export: id }: Ids) {
  change(stage, "update exports set requested_by = 'key_another'");
  const { body } = await stage.api("GET", `/v1/exports/${id}`);
  const { fingerprint } = z.object({ fingerprint: z.string() }).parse(body);
  return { path: `/v1/exports/${id}/approve`, body: { fingerprint }, status: 200 };
}

/** There was another root key, which wraps nothing any more. */
async function anotherRootKey(stage: Stage) {
  change(stage, "insert into root_keys (fingerprint, sentinel, created_at) values ('ffff', x'00', 1)");
  return { path: "/v1/keys/root/rotate", status: 200 };
}

/** There is a newer version, and nothing needs the older one. */
async function retirable(stage: Stage, { tenant }: Ids) {
  const path = `/v1/keys/tenants/${tenant}`;
  await stage.api("POST", `${path}/rotate`);
  await stage.clock.advance(10_000);
  await expect
    .poll(async () => (await stage.api("GET", path)).at("rekey", "finished_at"), { timeout: 15_000 })
    .toEqual(expect.any(String));
  await stage.clock.leap(2 * MINUTE);
  return { path: `${path}/versions/1/retire`, status: 200 };
}

/** One that a newer one has replaced. */
async function olderSecret(stage: Stage, { endpoint }: Pick<Ids, "endpoint">) {
  const path = `/v1/webhook-endpoints/${endpoint}`;
  const id = (await stage.api("GET", path)).at("secrets", "0", "id");
  await stage.api("POST", `${path}/secrets`);
  return { path: `${path}/secrets/${id}`, status: 204 };
}

/** Something happened, and the endpoint was to hear of it. */
async function oneDelivery(stage: Stage, { endpoint }: Pick<Ids, "endpoint">) {
  const path = `/v1/webhook-endpoints/${endpoint}/deliveries`;
  await stage.connect("carol");
  const newest = async () => {
    await stage.clock.advance(1000);
    return (await stage.api("GET", path)).at("deliveries", "0", "id");
  };
  await expect.poll(newest).toMatch(/^whd_/);
  return { path: `${path}/${await newest()}/replay`, status: 202 };
}

function change({ settings }: Stage, text: string): void {
  const database = openRaw(`${settings.dataDir}/evergrant.db`);
  database.exec(text);
  database.close();
}

const page = z.object({
  entries: z.array(
    z.object({
      act: z.string(),
      actor: z.object({ kind: z.string(), id: z.string().nullable() }),
      object: z.string().nullable(),
      from: z.string().nullable(),
    }),
  ),
});

/** The oldest first. */
async function entriesOf({ api }: Stage) {
  const { body } = await api("GET", "/v1/audit?limit=200");
  return page.parse(body).entries.toReversed();
}

function adminOf({ adminKey }: Stage): string {
  return `key_${adminKey.split("_")[2] ?? ""}`;
}
