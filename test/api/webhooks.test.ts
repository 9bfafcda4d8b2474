import { expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { addTenant } from "../security/two-tenants.ts";
import { createApi } from "../stage/api.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openRaw } from "../stage/raw-database.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { isSignedWith, startWebhookReceiver, type WebhookReceiver } from "../stage/webhook-receiver.ts";

const PATH = "/v1/webhook-endpoints";

async function open(fields: Record<string, unknown> = {}) {
  const receiver = await startWebhookReceiver();
  const stage = await openStage();
  const made = await stage.api("POST", PATH, { url: receiver.url, ...fields });
  return { stage, receiver, path: `${PATH}/${made.at("id")}`, secret: made.at("secret"), made };
}

/** Time passes in steps, and what is sent at each comes to its end. */
async function pass(stage: Stage, milliseconds: number, step = milliseconds): Promise<void> {
  for (let left = milliseconds; left > 0; left -= step) {
    await stage.clock.leap(Math.min(step, left));
    await expect.poll(() => underWay(stage), WHILE).toBe(0);
  }
}

const WHILE = { timeout: 15_000, interval: 2 };

function underWay({ settings, clock }: Stage): unknown {
  const database = openRaw(`${settings.dataDir}/evergrant.db`, { readonly: true });
  const sql = `select count(*) from webhook_deliveries where state = 'pending' and claimed_until > ${clock.now()}`;
  const count = database.value(sql);
  database.close();
  return count;
}

async function adopt({ api, clientId }: Stage, n: number): Promise<string> {
  const token_set = { refresh_token: `rt-${n}`, access_token: `at-${n}`, expires_in: 100_000 };
  return (await api("POST", "/v1/connections/import", { client: clientId, token_set })).at("id");
}

async function arrived(stage: Stage, { received }: WebhookReceiver, count: number): Promise<void> {
  await expect
    .poll(async () => {
      await pass(stage, SECOND);
      return received.length;
    }, WHILE)
    .toBe(count);
}

async function deliveriesOf(stage: Stage, path: string, query = "") {
  return (await stage.api("GET", `${path}/deliveries${query}`)).body;
}

test("a message says what happened to which connection, is signed, and has no token in it", async () => {
  const { stage, receiver, secret, path } = await open();
  const { connectionId } = await stage.connect("alice");
  await stage.api("PATCH", `/v1/connections/${connectionId}`, { labels: { team: "blue" } });
  await arrived(stage, receiver, 1);
  const [message] = receiver.received;
  if (!message) throw new Error("It arrived.");
  expect(isSignedWith(secret, { ...message, text: message.text.replace("blue", "red") })).toBe(false);
  expect(JSON.parse(message.text)).toEqual({
    type: "connection.created",
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    data: {
      tenant: "default",
      connection: connectionId,
      client: stage.clientId,
      incident: null,
      end_user: "user-alice",
      labels: { team: "blue" },
      status: "active",
      cause: null,
      confidence: null,
      who_acts: null,
      detail: null,
      reauthorization_url: null,
      reauthorization_expires_at: null,
      facts: {},
    },
  });
  const token = (await stage.token(connectionId)).at("access_token");
  expect(message.text).not.toContain(token);
  expect(message.id).toMatch(/^evt_[0-9a-f]{32}$/);
  expect(await deliveriesOf(stage, path)).toMatchObject({
    deliveries: [{ event: message.id, type: "connection.created", state: "delivered", attempts: 1, last_status: 204 }],
    next_before: null,
  });
});

test("who has to sign in again is told why, who acts, and where", async () => {
  const { stage, receiver } = await open({ events: ["connection.reauthorization_required", "connection.recovered"] });
  const { connectionId } = await stage.connect("alice");
  await stage.sandbox.control.revokeUser("alice");
  expect((await stage.api("POST", `/v1/connections/${connectionId}/refresh`)).body).toMatchObject({
    status: "reauthorization_required",
  });
  await pass(stage, MINUTE);
  await arrived(stage, receiver, 1);
  const data = receiver.received[0]?.data ?? {};
  expect(data).toMatchObject({
    connection: connectionId,
    status: "reauthorization_required",
    cause: expect.any(String),
    confidence: expect.any(String),
    who_acts: "user",
    detail: expect.stringMatching(/\.$/),
    reauthorization_url: expect.stringContaining(`/reauthorize/${connectionId}.`),
  });
  const link = await fetch(String(data["reauthorization_url"]), { redirect: "manual" });
  expect(link.status).toBe(200);
});

test("a receiver that is down for an hour hears of each connection in its order, and of each event once", async () => {
  const { stage, receiver, path } = await open();
  receiver.answer((response) => response.writeHead(503, { "retry-after": "60" }).end());
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) ids.push(await adopt(stage, n));
  await pass(stage, HOUR, MINUTE);
  for (const id of ids) await stage.api("DELETE", `/v1/connections/${id}`);
  await pass(stage, 2 * MINUTE, MINUTE);
  const refused = receiver.received.length;
  expect(new Set(receiver.received.map(({ type }) => type))).toEqual(new Set(["connection.created"]));
  // At least a minute apart for each, as it asked.
  expect(refused).toBeLessThanOrEqual(4 * 10);
  expect(refused).toBeGreaterThanOrEqual(4 * 2);
  receiver.received.length = 0;
  receiver.answer((response) => response.writeHead(200).end("ignored"));
  await expect
    .poll(async () => {
      await pass(stage, 5 * MINUTE, MINUTE);
      return receiver.received.length;
    }, WHILE)
    .toBe(8);
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(8);
  for (const id of ids) {
    const types = receiver.received.filter(({ data }) => data["connection"] === id).map(({ type }) => type);
    expect(types).toEqual(["connection.created", "connection.disconnected"]);
  }
  expect(await deliveriesOf(stage, path, "?state=pending")).toMatchObject({ deliveries: [] });
});

test("while a secret is replaced, a message is good with either, and then with the newest alone", async () => {
  const { stage, receiver, path, secret } = await open();
  const rotated = await stage.api("POST", `${path}/secrets`, { overlap_seconds: 60 });
  expect(rotated.status).toBe(201);
  expect((await stage.api("POST", `${path}/test`)).body).toMatchObject({ delivered: true, status: 204, code: null });
  await pass(stage, MINUTE);
  await stage.api("POST", `${path}/test`);
  const [both, newest] = receiver.received;
  if (!both || !newest) throw new Error("Both arrived.");
  const good = [both, newest].map((each) => [isSignedWith(secret, each), isSignedWith(rotated.at("secret"), each)]);
  expect(good).toEqual([
    [true, true],
    [false, true],
  ]);
  expect(both.type).toBe("webhook.test");
  expect(both.id).not.toBe(newest.id);
  expect((await stage.api("GET", path)).body).toMatchObject({ secrets: [{ id: rotated.at("id"), retires_at: null }] });
});

test("a secret that is brought along is taken, and one that is too short is not", async () => {
  const { stage, receiver, path } = await open();
  const own = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
  expect((await stage.api("POST", `${path}/secrets`, { secret: own })).at("secret")).toBe(own);
  await stage.api("POST", `${path}/test`);
  const [message] = receiver.received;
  expect(message && isSignedWith(own, message)).toBe(true);
  for (const secret of [`whsec_${Buffer.alloc(23).toString("base64")}`, "whsec_", own.slice(6), `${own}=`]) {
    expect((await stage.api("POST", `${path}/secrets`, { secret })).status).toBe(400);
  }
});

test("a test says what came of it, and a redirect leads nowhere", async () => {
  const { stage, receiver, path } = await open();
  let visited = 0;
  const elsewhere = await startPageServer((_request, response) => {
    visited++;
    response.end();
  });
  receiver.answer((response) => response.writeHead(307, { location: elsewhere }).end("a secret page"));
  const tested = await stage.api("POST", `${path}/test`);
  expect(tested.body).toEqual({ delivered: false, status: 307, code: "http_status", duration_ms: expect.any(Number) });
  expect(visited).toBe(0);
});

test("an endpoint that is gone is disabled, and what happened since comes with a replay", async () => {
  const { stage, receiver, path } = await open();
  receiver.answer((response) => response.writeHead(410).end());
  const since = new Date(stage.clock.now()).toISOString();
  await stage.connect("alice");
  await arrived(stage, receiver, 1);
  await expect.poll(async () => (await stage.api("GET", path)).body, WHILE).toMatchObject({ disabled_reason: "gone" });
  await stage.connect("bob");
  await pass(stage, HOUR, MINUTE);
  expect(receiver.received).toHaveLength(1);
  receiver.answer((response) => response.writeHead(204).end());
  expect((await stage.api("PATCH", path, { status: "enabled" })).body).toMatchObject({ status: "enabled" });
  expect((await stage.api("POST", `${path}/replay`, { since })).body).toEqual({ replayed: 2, next_since: null });
  await arrived(stage, receiver, 3);
  const [refused, again] = receiver.received;
  expect(again?.id).toBe(refused?.id);
});

test("one delivery is sent again when it is asked for", async () => {
  const { stage, receiver, path } = await open();
  await stage.connect("alice");
  await arrived(stage, receiver, 1);
  const id = (await stage.api("GET", `${path}/deliveries`)).at("deliveries", "0", "id");
  expect((await stage.api("POST", `${path}/deliveries/${id}/replay`)).status).toBe(202);
  await arrived(stage, receiver, 2);
  expect(receiver.received[1]?.id).toBe(receiver.received[0]?.id);
});

test("an address has to be https, public and without a password, when it is made and when it is changed", async () => {
  const { stage, path } = await open();
  const inside = [
    "http://hooks.example/x",
    "https://user:password@hooks.example/x",
    "https://10.0.0.1/x",
    "https://[::1]/x",
    "https://localhost/x",
    "https://169.254.169.254/latest",
    "ftp://hooks.example/x",
    "https://hooks.example/#x",
    `https://hooks.example/${"x".repeat(2000)}`,
    "nonsense",
  ];
  for (const url of inside) {
    expect([url, (await stage.api("POST", PATH, { url })).status]).toEqual([url, 400]);
    expect([url, (await stage.api("PATCH", path, { url })).status]).toEqual([url, 400]);
  }
});

test("a name that leads inside is asked for nothing", async () => {
  const receiver = await startWebhookReceiver();
  const { port } = new URL(receiver.url);
  const stage = await openStage();
  // Allowed when it was made, and not any more.
  const made = await stage.api("POST", PATH, { url: receiver.url });
  stage.settings.allowedPrivateHosts = ["allowed.example"];
  await stage.restart();
  const tested = await stage.api("POST", `${PATH}/${made.at("id")}/test`);
  expect(tested.body).toMatchObject({ delivered: false, status: null, code: "blocked_address" });
  const named = await stage.api("POST", PATH, { url: `https://localhost.:${port}/` });
  expect(named.status).toBe(400);
  expect(receiver.received).toEqual([]);
});

test("the operator's endpoint hears of every tenant where it says so, and no other can", async () => {
  const { stage, receiver } = await open({ all_tenants: true });
  const acme = await addTenant(stage, "acme");
  const refused = await acme.api("POST", PATH, { url: receiver.url, all_tenants: true });
  expect(refused.body).toMatchObject({ status: 403, code: "forbidden" });
  const own = await startWebhookReceiver();
  const theirs = await acme.api("POST", PATH, { url: own.url });
  expect((await acme.api("PATCH", `${PATH}/${theirs.at("id")}`, { all_tenants: true })).status).toBe(403);
  const token_set = { refresh_token: "rt", access_token: "at", expires_in: 3600 };
  await acme.api("POST", "/v1/connections/import", { client: acme.clientId, token_set });
  await stage.connect("alice");
  await arrived(stage, receiver, 2);
  expect(new Set(receiver.received.map(({ data }) => data["tenant"]))).toEqual(new Set(["default", acme.id]));
  expect(own.received.map(({ data }) => data["tenant"])).toEqual([acme.id]);
});

test("a deleted tenant's endpoints and events are deleted, at the operator's endpoints too", async () => {
  const { stage, receiver, path } = await open({ all_tenants: true });
  const acme = await addTenant(stage, "acme");
  const own = await startWebhookReceiver();
  await acme.api("POST", PATH, { url: own.url });
  receiver.answer((response) => response.writeHead(503).end());
  const token_set = { refresh_token: "rt", access_token: "at", expires_in: 3600 };
  await acme.api("POST", "/v1/connections/import", { client: acme.clientId, token_set });
  await arrived(stage, receiver, 1);
  expect((await stage.api("DELETE", `/v1/tenants/${acme.id}`, { confirm: "acme" })).status).toBe(200);
  await pass(stage, HOUR, 10 * MINUTE);
  expect(receiver.received).toHaveLength(1);
  expect(await deliveriesOf(stage, path)).toMatchObject({ deliveries: [] });
});

test("there is an end to how many endpoints there are, and what is shown of them has no secret", async () => {
  const { stage, made, secret } = await open();
  for (let n = 1; n < 50; n++) await stage.api("POST", PATH, { url: `https://hooks.example/${n}` });
  const refused = await stage.api("POST", PATH, { url: "https://hooks.example/50" });
  expect(refused.body).toMatchObject({ code: "limit_reached" });
  expect(made.headers.get("cache-control")).toBe("no-store");
  const listed = await stage.api("GET", PATH);
  expect(listed.text).toContain(made.at("id"));
  expect(listed.text).not.toContain(secret);
});

test("who may look may not change", async () => {
  const { stage, path } = await open();
  const key = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["webhooks:read"] });
  const limited = createApi(stage.service.url, key.at("key"));
  expect((await limited("GET", path)).status).toBe(200);
  expect((await limited("POST", `${path}/test`)).status).toBe(403);
});
