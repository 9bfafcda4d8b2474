import { describe, expect, test } from "vitest";
import { mintKey } from "../../src/access/api-key.ts";
import { systemClock, systemRandom } from "../../src/service/system.ts";
import { createApi, type Api } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";

async function keyWith(stage: Stage, body: Record<string, unknown>): Promise<Api> {
  const made = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["token:read"], ...body });
  return createApi(stage.service.url, made.at("key"));
}

describe("too many requests", () => {
  test("are refused with the time to wait, and every answer says what is left", async () => {
    const stage = await openStage({ settings: { rateLimit: 100 } });
    const api = await keyWith(stage, { scopes: ["connections:read"], rate_limit: 2 });
    const first = await api("GET", "/v1/connections");
    expect(first.headers.get("ratelimit-policy")).toBe('"key";q=4;w=2, "tenant";q=2000;w=2');
    expect(first.headers.get("ratelimit")).toMatch(/^"key";r=3;t=1, "tenant";r=\d+;t=1$/);
    for (let i = 0; i < 3; i++) expect((await api("GET", "/v1/connections")).status).toBe(200);
    const refused = await api("GET", "/v1/connections");
    expect(refused.body).toMatchObject({ status: 429, code: "rate_limited", retry_after: 1 });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.headers.get("ratelimit")).toMatch(/^"key";r=0;t=2, /);
    await stage.clock.advance(500);
    expect((await api("GET", "/v1/connections")).status).toBe(200);
  });

  test("count also when they lack a scope or are wrong", async () => {
    const stage = await openStage();
    const api = await keyWith(stage, { rate_limit: 1 });
    expect((await api("GET", "/v1/connections")).headers.get("ratelimit")).toContain('"key";r=1;t=1');
    expect((await api("GET", "/v1/connections/x/access-token?min_ttl=x")).status).toBe(400);
    expect((await api("GET", "/v1/connections")).status).toBe(429);
  });

  test("count alike on the quick route", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const api = await keyWith(stage, { rate_limit: 5 });
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++)
      statuses.push((await api("GET", `/v1/connections/${connectionId}/access-token`)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(200), 429, 429]);
  });

  test("of one key leave the others alone", async () => {
    const stage = await openStage({ settings: { rateLimit: 5 } });
    const [one, two] = [await keyWith(stage, {}), await keyWith(stage, {})];
    for (let i = 0; i < 20; i++) await one("GET", "/v1/connections");
    expect((await one("GET", "/v1/connections")).status).toBe(429);
    expect((await two("GET", "/v1/connections")).status).toBe(403);
  });

  test("need a limit between one and a million a second", async () => {
    const stage = await openStage();
    for (const rate_limit of [0, 1.5, 1_000_001, -1, "9"]) {
      const made = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["token:read"], rate_limit });
      expect([rate_limit, made.status]).toEqual([rate_limit, 400]);
    }
  });
});

test("requests without a good key are slowed down by their address, and those with one are not", async () => {
  const stage = await openStage();
  const statuses = new Map<number, number>();
  for (let i = 0; i < 210; i++) {
    const guess = createApi(stage.service.url, mintKey("key", systemClock, systemRandom).text.reveal());
    const { status } = await guess("GET", "/v1/connections");
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect([...statuses]).toEqual([
    [401, 200],
    [429, 10],
  ]);
  expect((await stage.api("GET", "/v1/connections")).status).toBe(200);
  const refused = await createApi(stage.service.url, "eg_key_nonsense")("GET", "/v1/connections");
  expect(refused.body).toMatchObject({ status: 429, code: "rate_limited", retry_after: 1 });
  expect(refused.headers.get("ratelimit")).toBeNull();
});

test("what needs no key is not limited", async () => {
  const stage = await openStage({ settings: { rateLimit: 1 } });
  for (let i = 0; i < 20; i++) {
    const answer = await fetch(`${stage.service.url}/healthz`);
    expect([answer.status, answer.headers.get("ratelimit")]).toEqual([200, null]);
  }
});
