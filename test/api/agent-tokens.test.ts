import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createApi, type Answer, type Api } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";

/** A stage with two connections, and a key of a worker that may read both. */
async function setUp(body: Record<string, unknown> = {}) {
  const stage = await openStage();
  const [one, other] = [await stage.connect("alice"), await stage.connect("bob")];
  const key = await stage.api("POST", "/v1/api-keys", { name: "worker", scopes: ["token:read"], ...body });
  const worker = createApi(stage.service.url, key.at("key"));
  return { stage, worker, keyId: key.at("id"), one: one.connectionId, other: other.connectionId };
}

function mint(api: Api, connections: readonly string[], expiresIn?: number): Promise<Answer> {
  return api("POST", "/v1/agent-tokens", { connections, expires_in: expiresIn });
}

async function agentOf(stage: Stage, made: Answer | Promise<Answer>): Promise<Api> {
  return createApi(stage.service.url, (await made).at("agent_token"));
}

const tokenPath = (id: string) => `/v1/connections/${id}/access-token`;

function at(stage: Stage, milliseconds: number): string {
  return new Date(Math.floor((stage.clock.now() + milliseconds) / SECOND) * SECOND).toISOString();
}

describe("an agent token", () => {
  test("reads what its key reads of its connections, also from memory, and does nothing else", async () => {
    const { stage, worker, keyId, one, other } = await setUp();
    const made = await mint(worker, [one, one]);
    expect([made.status, made.headers.get("cache-control")]).toEqual([201, "no-store"]);
    const agent_token = expect.stringMatching(/^eg_agent_/);
    expect(made.body).toEqual({ agent_token, connections: [one], expires_at: at(stage, HOUR) });

    const agent = await agentOf(stage, made);
    const right = (await worker("GET", tokenPath(one))).body;
    const routes = stage.log.length;
    for (let round = 0; round < 3; round++) expect((await agent("GET", tokenPath(one))).body).toEqual(right);
    const framework = stage.log.slice(routes).filter((line) => line.includes("/access-token"));
    expect(framework.length).toBeLessThan(2);
    const rejected = await agent("POST", `${tokenPath(one)}/rejected`, { generation: 1, status: 401 });
    expect([rejected.status, rejected.at("connection_id")]).toEqual([200, one]);

    expect((await agent("GET", tokenPath(other))).body).toMatchObject({ status: 404, code: "not_found" });
    const forbidden = ["/v1/connections", `/v1/connections/${one}`, "/v1/api-keys", "/v1/audit", "/metrics"];
    for (const path of forbidden) expect([path, (await agent("GET", path)).status]).toEqual([path, 403]);
    expect((await agent("POST", `/v1/api-keys/${keyId}/rotate`)).status).toBe(403);

    await stage.clock.advance(MINUTE);
    const reads = await stage.api("GET", `/v1/connections/${one}/reads`);
    expect(reads.text).toContain(`"key_id":"${keyId}","count":5`);
  });

  test("is written down when it is made, with its key, its connections and its end", async () => {
    const { stage, worker, keyId, one, other } = await setUp();
    await mint(worker, [one, other], 60);
    const { body } = await stage.api("GET", "/v1/audit?act=agent_token.minted");
    const detail = { connections: `${one} ${other}`, expires_at: at(stage, MINUTE) };
    const entry = expect.objectContaining({ actor: { kind: "api_key", id: keyId }, object: keyId, detail });
    expect(body).toMatchObject({ entries: [entry] });
  });

  test("makes others for no more connections and no longer than itself", async () => {
    const { stage, worker, one, other } = await setUp();
    const agent = await agentOf(stage, mint(worker, [one, other], 600));
    const narrower = await mint(agent, [other], 3600);
    expect([narrower.status, narrower.at("expires_at")]).toEqual([201, at(stage, 10 * MINUTE)]);
    const inner = await agentOf(stage, narrower);
    expect((await inner("GET", tokenPath(other))).status).toBe(200);
    expect((await inner("GET", tokenPath(one))).status).toBe(404);
    expect((await mint(inner, [one])).body).toMatchObject({ status: 404, code: "not_found" });
    expect((await mint(inner, [other, one])).status).toBe(404);
  });

  test("is over at its end, which is no later than its key's", async () => {
    const { stage, worker, one } = await setUp();
    const agent = await agentOf(stage, mint(worker, [one], 60));
    const expiring = { name: "x", scopes: ["token:read"], expires_at: at(stage, 5 * MINUTE) };
    const key = (await stage.api("POST", "/v1/api-keys", expiring)).at("key");
    expect((await mint(createApi(stage.service.url, key), [one])).at("expires_at")).toBe(at(stage, 5 * MINUTE));
    expect((await agent("GET", tokenPath(one))).status).toBe(200);
    await stage.clock.advance(MINUTE);
    expect((await agent("GET", tokenPath(one))).body).toMatchObject({ status: 401, code: "unauthorized" });
    expect((await worker("GET", tokenPath(one))).status).toBe(200);
  });

  test("ends with its key at once, however that ends", async () => {
    const { stage, worker, keyId, one } = await setUp();
    const agent = await agentOf(stage, mint(worker, [one]));
    expect((await agent("GET", tokenPath(one))).status).toBe(200);
    await stage.api("POST", `/v1/api-keys/${keyId}/rotate`, { overlap_seconds: 30 });
    expect((await agent("GET", tokenPath(one))).status).toBe(200);
    await stage.clock.advance(30 * SECOND);
    expect((await agent("GET", tokenPath(one))).status).toBe(401);

    const second = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["token:read"] });
    const another = await agentOf(stage, mint(createApi(stage.service.url, second.at("key")), [one]));
    expect((await another("GET", tokenPath(one))).status).toBe(200);
    await stage.api("DELETE", `/v1/api-keys/${second.at("id")}`);
    expect((await another("GET", tokenPath(one))).status).toBe(401);
  });

  test("has the addresses and the limit of its key", async () => {
    const { stage, worker, one } = await setUp({ rate_limit: 1 });
    const agent = await agentOf(stage, mint(worker, [one]));
    expect((await agent("GET", tokenPath(one))).status).toBe(200);
    expect((await agent("GET", tokenPath(one))).body).toMatchObject({ status: 429, code: "rate_limited" });
    expect((await worker("GET", tokenPath(one))).status).toBe(429);

    const elsewhere = { name: "x", scopes: ["token:read"], allowed_cidrs: ["127.0.0.1"] };
    const made = await stage.api("POST", "/v1/api-keys", elsewhere);
    const bound = await mint(createApi(stage.service.url, made.at("key")), [one]);
    const headers = { authorization: `Bearer ${bound.at("agent_token")}` };
    expect((await fetch(stage.service.url + tokenPath(one), { headers })).status).toBe(200);
  });

  test("is not made for what is nobody's or a stranger's, for none or too many, too short or too long", async () => {
    const { stage, worker, one } = await setUp();
    const none = `con_${"0".repeat(26)}`;
    for (const connections of [[none], [one, none], ["x"]]) {
      expect((await mint(worker, connections)).body).toMatchObject({ status: 404, code: "not_found" });
    }
    const wrong = [
      { connections: [] },
      { connections: Array(51).fill(one) },
      { connections: [one], expires_in: 59 },
      { connections: [one], expires_in: 86_401 },
      { connections: [one], scopes: ["admin"] },
    ];
    for (const body of wrong) {
      const refused = await worker("POST", "/v1/agent-tokens", body);
      expect(refused.body).toMatchObject({ status: 400, code: "invalid_request" });
    }
    const { body } = await stage.api("GET", "/v1/audit?act=agent_token.minted");
    expect(body).toMatchObject({ entries: [] });
  });

  test("is made with no operator's session", async () => {
    const { stage, one } = await setUp();
    const opened = await stage.api("POST", "/v1/operator-sessions");
    const cookie = opened.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const refused = await fetch(`${stage.service.url}/v1/agent-tokens`, {
      method: "POST",
      headers: {
        cookie,
        "content-type": "application/json",
        "sec-fetch-site": "same-origin",
        "x-csrf-token": opened.at("csrf_token"),
      },
      body: JSON.stringify({ connections: [one] }),
    });
    expect(await refused.json()).toMatchObject({
      status: 403,
      code: "forbidden",
      detail: expect.stringContaining("session"),
    });
  });
});
