import { describe, expect, test } from "vitest";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { openStage, type StageOptions } from "../stage/stage.ts";

const GRAPH = "https://graph.microsoft.com";

type Wish = Readonly<Record<string, string | undefined>>;

/** A stage with a connection, and what asks for its token as an SDK does that has the admin key, but for what is said. */
async function setUp(options: StageOptions = {}) {
  const stage = await openStage(options);
  const { connectionId } = await stage.connect();
  const usual: Wish = { "api-version": "2019-08-01", resource: GRAPH, client_id: connectionId };
  async function ask(wish: Wish = {}, { secret = stage.adminKey, more = "" }: { secret?: string; more?: string } = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...usual, ...wish })) if (value !== undefined) query.set(name, value);
    const headers = new Headers({ connection: "close" });
    if (secret !== "") headers.set("x-identity-header", secret);
    const response = await fetch(`${stage.service.url}/msi/token?${query.toString()}${more}`, { headers });
    const body: unknown = await response.json();
    return { status: response.status, headers: response.headers, body };
  }
  return { stage, connectionId, ask };
}

describe("the managed identity endpoint", () => {
  test("gives the access token of a connection as App Service does, and says no more than that", async () => {
    const { stage, connectionId, ask } = await setUp();
    const { at } = await stage.token(connectionId);
    const answer = await ask();
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(answer.body).toEqual({
      access_token: at("access_token"),
      token_type: "Bearer",
      expires_on: String(Math.floor(Date.parse(at("expires_at")) / 1000)),
      resource: GRAPH,
      client_id: connectionId,
    });
    await stage.clock.advance(MINUTE);
    const reads = await stage.api("GET", `/v1/connections/${connectionId}/reads`);
    expect(reads.text).toContain('"count":2');
  });

  test("takes the connection from the endpoint's own query too, and another one not beside it", async () => {
    const { connectionId, ask } = await setUp();
    for (const id of [connectionId, ""]) expect((await ask({}, { more: `&client_id=${id}` })).status).toBe(200);
    const other = await ask({}, { more: "&client_id=00000000-0000-0000-0000-000000000000" });
    expect(other).toMatchObject({ status: 400, body: { message: expect.stringContaining("IDENTITY_ENDPOINT") } });
  });

  test("takes an agent token, for its connections alone and until its end", async () => {
    const { stage, connectionId, ask } = await setUp();
    const other = (await stage.connect("bob")).connectionId;
    const made = await stage.api("POST", "/v1/agent-tokens", { connections: [connectionId], expires_in: 60 });
    const secret = made.at("agent_token");
    expect((await ask({}, { secret })).status).toBe(200);
    expect(await ask({ client_id: other }, { secret })).toMatchObject({
      status: 400,
      body: { error: "invalid_target" },
    });
    await stage.clock.advance(MINUTE);
    expect((await ask({}, { secret })).status).toBe(401);
  });

  test("refuses what it has no answer to, in the words that an SDK shows, and never with a status that it repeats", async () => {
    const { stage, ask } = await setUp();
    const lacking = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["connections:read"] });
    const wrong: [Wish, string | undefined, number, string][] = [
      [{ "api-version": undefined }, undefined, 400, "api-version"],
      [{ "api-version": "2017-09-01" }, undefined, 400, "2019-08-01"],
      [{ resource: undefined }, undefined, 400, "resource"],
      [{ resource: "" }, undefined, 400, "resource"],
      [{ client_id: undefined }, undefined, 400, "client_id"],
      [{ client_id: "system" }, undefined, 400, "client_id"],
      [{ client_id: `con_${"0".repeat(26)}` }, undefined, 400, "no such connection"],
      [{ principal_id: "x" }, undefined, 400, "principal_id"],
      [{ mi_res_id: "/subscriptions/x" }, undefined, 400, "mi_res_id"],
      [{}, "", 401, "X-IDENTITY-HEADER"],
      [{}, "wrong", 401, "X-IDENTITY-HEADER"],
      [{}, lacking.at("key"), 403, "token:read"],
    ];
    for (const [wish, secret, status, part] of wrong) {
      const refused = await ask(wish, secret === undefined ? {} : { secret });
      const message = expect.stringContaining(part);
      expect([wish, refused.status, refused.body]).toEqual([
        wish,
        status,
        { statusCode: status, error: expect.any(String), message },
      ]);
    }
    expect((await ask({}, { more: "&resource=x" })).status).toBe(400);
  });

  test("says when it passes, and gives the link where a person must act", async () => {
    const { stage, connectionId, ask } = await setUp();
    stage.sandbox.control.change({ tokenEndpointFault: { kind: "rate_limit", retryAfterSeconds: 30 } });
    await stage.clock.leap(2 * HOUR);
    const passing = await ask();
    expect([passing.status, passing.body]).toMatchObject([503, { statusCode: 503, error: "temporarily_unavailable" }]);
    expect(Number(passing.headers.get("retry-after"))).toBeGreaterThan(0);
    stage.sandbox.control.change({ tokenEndpointFault: null });
    await stage.sandbox.control.revokeUser("alice");
    await stage.clock.leap(HOUR);
    const link = (await stage.token(connectionId)).at("reauthorization_url");
    expect(await ask()).toMatchObject({
      status: 400,
      body: { statusCode: 400, error: "invalid_grant", message: expect.stringContaining(`To sign in again: ${link}`) },
    });
  });
});
