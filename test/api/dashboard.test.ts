import { describe, expect, test } from "vitest";
import { z } from "zod";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createApi } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";

const seriesSchema = z.object({
  points: z.array(z.object({ requests: z.int(), outcomes: z.object({ succeeded: z.int() }) })),
});

const listSchema = z.object({ connections: z.array(z.object({ id: z.string() })), next_after: z.string().nullable() });

/** What a stream has said so far. */
async function follow({ service, adminKey }: Stage, { key = adminKey, query = "" } = {}) {
  const closing = new AbortController();
  const headers = { authorization: `Bearer ${key}`, connection: "close" };
  const response = await fetch(`${service.url}/v1/live${query}`, { headers, signal: closing.signal });
  const stream = { response, said: "", isOver: false, close: () => closing.abort() };
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  void (async () => {
    for (;;) {
      const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
      stream.said += value ?? "";
      if (done) break;
    }
  })()
    .catch(() => undefined)
    .finally(() => (stream.isOver = true));
  return stream;
}

type Stream = Awaited<ReturnType<typeof follow>>;

/** Lets the time of the service pass until it is so. */
async function until({ clock }: Stage, isSo: () => boolean, step = SECOND): Promise<void> {
  for (let tries = 0; tries < 400 && !isSo(); tries++) {
    await clock.advance(step);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(isSo()).toBe(true);
}

function heard(stream: Stream, text: string): () => boolean {
  return () => stream.said.includes(text);
}

describe("a live stream", () => {
  test("tells the tenant's followers that something changed, and nobody else", async () => {
    const stage = await openStage();
    const tenant = await stage.api("POST", "/v1/tenants", { name: "Acme" });
    const made = await stage.api("POST", "/v1/api-keys", {
      name: "acme",
      scopes: ["connections:read"],
      tenant: tenant.at("id"),
    });
    const { connectionId: before } = await stage.connect("alice");
    const streams = [await follow(stage), await follow(stage)] as const;
    const acme = await follow(stage, { key: made.at("key") });
    const [{ response }] = streams;
    expect([response.status, Object.fromEntries(response.headers)]).toMatchObject([
      200,
      { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
    ]);
    await until(stage, heard(acme, "retry: 5000\n\n"));
    await stage.clock.advance(SECOND);
    const { connectionId } = await stage.connect("bob");
    for (const stream of streams) await until(stage, heard(stream, `event: connection\ndata: ${connectionId}\n\n`));
    for (const stream of streams) {
      expect(stream.said).toContain("event: overview\ndata:\n\n");
      expect(stream.said.split(connectionId)).toHaveLength(2);
      expect(stream.said).not.toContain(before);
    }
    await until(stage, heard(acme, ": still here\n\n"));
    expect(acme.said).not.toContain("event:");
    const foreign = await createApi(stage.service.url, made.at("key"))("GET", "/v1/live?tenant=default");
    expect(foreign.status).toBe(404);
  });

  test("ends when its key does, and when the service stops", async () => {
    const stage = await openStage();
    const made = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["connections:read"] });
    const stream = await follow(stage, { key: made.at("key") });
    const other = await follow(stage);
    await stage.clock.advance(2 * MINUTE);
    expect(stream.isOver).toBe(false);
    await stage.api("DELETE", `/v1/api-keys/${made.at("id")}`);
    await until(stage, () => stream.isOver);
    expect(other.isOver).toBe(false);
    const stopped = stage.service.close();
    await until(stage, () => other.isOver, 10);
    await stopped;
  });

  test("is one of ten at most, and one that is closed makes room", async () => {
    const stage = await openStage();
    const streams = await Promise.all(Array.from({ length: 10 }, () => follow(stage)));
    const refused = await stage.api("GET", "/v1/live");
    expect([refused.status, refused.at("code")]).toEqual([429, "rate_limited"]);
    streams[0]?.close();
    let next = await follow(stage);
    for (let tries = 0; tries < 50 && next.response.status !== 200; tries++) next = await follow(stage);
    expect(next.response.status).toBe(200);
  });
});

test("the overview counts what there is, and says what ends", async () => {
  const stage = await openStage({ client: { settings: { testing: true } } });
  const { connectionId } = await stage.connect("alice");
  await stage.connect("bob");
  const { body } = await stage.api("GET", "/v1/overview");
  expect(body).toMatchObject({
    connections: { total: 2, by_status: { active: 2, degraded: 0, suspended: 0 } },
    open_incidents: { total: 0, by_kind: { rejections: 0 } },
    refresh_backlog: { count: 0, oldest_overdue_seconds: 0 },
    instances_alive: 1,
    running_rekeys: [],
  });
  const { upcoming_ends: ends } = z
    .object({ upcoming_ends: z.array(z.looseObject({ connection: z.string() })) })
    .parse(body);
  expect(ends).toHaveLength(2);
  expect(ends.find(({ connection }) => connection === connectionId)).toEqual({
    connection: connectionId,
    client: stage.clientId,
    account_label: "alice@sandbox.example",
    end_user: "user-alice",
    kind: "testing",
    at: new Date(stage.clock.now() + 7 * 24 * HOUR).toISOString(),
    who_acts: "operator",
  });
});

test("token requests are counted by how they ended, and shown within a minute", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const from = new Date(stage.clock.now() - MINUTE).toISOString();
  expect((await stage.api("POST", `/v1/connections/${connectionId}/refresh`)).status).toBe(200);
  await stage.clock.advance(2 * MINUTE);
  const to = new Date(stage.clock.now()).toISOString();
  const asked = `/v1/refreshes/series?from=${from}&to=${to}`;
  for (const step of ["minute", "hour", "day"]) {
    const { body } = await stage.api("GET", `${asked}&step=${step}&client=${stage.clientId}&provider=sandbox`);
    const { points } = seriesSchema.parse(body);
    expect([step, points.reduce((total, { requests }) => total + requests, 0)]).toEqual([step, 1]);
    expect(points.filter(({ outcomes }) => outcomes.succeeded === 1)).toHaveLength(1);
    expect((await stage.api("GET", `${asked}&step=${step}&provider=none`)).text).not.toContain(`"requests":1`);
  }
  const long = await stage.api("GET", `/v1/refreshes/series?from=2020-01-01T00:00:00Z&to=${to}&step=minute`);
  expect([long.status, long.at("code")]).toEqual([400, "invalid_request"]);
  const { body } = await stage.api("GET", "/v1/refreshes/health");
  expect(body).toEqual({
    providers: [
      {
        provider: "sandbox",
        requests: 1,
        outcomes: { succeeded: 1, rejected: 0, client_fault: 0, retry_later: 0, lost: 0 },
        errors: 0,
        p50_ms: expect.any(Number),
        p95_ms: expect.any(Number),
      },
    ],
    clients: [
      expect.objectContaining({
        client: stage.clientId,
        provider: "sandbox",
        requests: 1,
        breaker_open: false,
        braked: false,
        suspended: false,
      }),
    ],
  });
});

test("the list is filtered as it is asked, page by page, and shows another tenant's to the operator alone", async () => {
  const stage = await openStage();
  const ids: string[] = [];
  for (const user of ["alice", "bob"]) {
    ids.push((await stage.connect(user)).connectionId);
    await stage.clock.advance(SECOND);
  }
  await stage.api("PATCH", `/v1/connections/${ids[0]}`, { labels: { plan: "a:b" } });
  const list = async (query: string) => {
    const answer = await stage.api("GET", `/v1/connections?${query}`);
    const { connections, next_after: next } = listSchema.parse(answer.body);
    return [connections.map(({ id }) => ids.indexOf(id)), next && ids.indexOf(next)];
  };
  expect(await list("q=ALICE@sand")).toEqual([[0], null]);
  expect(await list("label=plan:a:b")).toEqual([[0], null]);
  expect(await list("provider=sandbox&status=active&sort=status_since&limit=1")).toEqual([[1], 1]);
  expect(await list(`sort=status_since&limit=1&after=${ids[1]}`)).toEqual([[0], null]);
  expect(await list("cause=revoked_by_user")).toEqual([[], null]);
  for (const query of ["q=", "label=plan", "cause=none", "sort=id"]) {
    expect([query, (await stage.api("GET", `/v1/connections?${query}`)).status]).toEqual([query, 400]);
  }
  const tenant = await stage.api("POST", "/v1/tenants", { name: "Acme" });
  expect(await list(`tenant=${tenant.at("id")}`)).toEqual([[], null]);
  const made = await stage.api("POST", "/v1/api-keys", {
    name: "acme",
    scopes: ["connections:read"],
    tenant: tenant.at("id"),
  });
  const acme = createApi(stage.service.url, made.at("key"));
  for (const path of ["connections", "overview", "refreshes/health"]) {
    expect([path, (await acme("GET", `/v1/${path}?tenant=default`)).status]).toEqual([path, 404]);
    expect([path, (await acme("GET", `/v1/${path}?tenant=${tenant.at("id")}`)).status]).toEqual([path, 200]);
  }
});

test("another tenant counts what is its own, whoever looks", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const from = new Date(stage.clock.now() - MINUTE).toISOString();
  await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
  await stage.clock.advance(2 * MINUTE);
  const tenant = await stage.api("POST", "/v1/tenants", { name: "Acme" });
  const key = { tenant: tenant.at("id"), name: "acme", scopes: ["connections:read"] };
  const acme = createApi(stage.service.url, (await stage.api("POST", "/v1/api-keys", key)).at("key"));
  const series = `refreshes/series?from=${from}&to=${new Date(stage.clock.now()).toISOString()}&step=minute`;
  for (const path of [series, `${series}&client=${stage.clientId}`, "refreshes/health?", "overview?"]) {
    const own = await acme("GET", `/v1/${path}`);
    expect([path, own.status]).toEqual([path, 200]);
    expect(own.text).not.toMatch(/"(requests|total)":1/);
    expect([path, (await stage.api("GET", `/v1/${path}&tenant=${tenant.at("id")}`)).text]).toEqual([path, own.text]);
    expect((await stage.api("GET", `/v1/${path}`)).text).toMatch(/"(requests|total)":1/);
  }
});

test("the installation is told by its version and settings, without where or with what", async () => {
  const stage = await openStage({ publicUrl: "https://evergrant.example" });
  expect((await stage.api("GET", "/v1/installation")).body).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    public_url: "https://evergrant.example",
    database: "sqlite",
    sign_in_issuer: null,
    mails_operators: false,
  });
  const made = await stage.api("POST", "/v1/tenants", { name: "Other", public_url: "https://connect.example" });
  const key = { tenant: made.at("id"), name: "theirs", scopes: ["connections:read"] };
  const theirs = createApi(stage.service.url, (await stage.api("POST", "/v1/api-keys", key)).at("key"));
  expect((await theirs("GET", "/v1/installation")).at("public_url")).toBe("https://connect.example");
});
