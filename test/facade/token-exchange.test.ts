import { describe, expect, test } from "vitest";
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from "../../src/facade/token-exchange.ts";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { openStage, type Stage, type StageOptions } from "../stage/stage.ts";

type Wish = Readonly<Record<string, string | undefined>>;

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** A stage with a connection, and the exchange of its admin key for the access token, but for what is said. */
async function setUp(options: StageOptions = {}) {
  const stage = await openStage(options);
  const { connectionId } = await stage.connect();
  const usual: Wish = {
    grant_type: TOKEN_EXCHANGE,
    subject_token: stage.adminKey,
    subject_token_type: ACCESS_TOKEN,
    audience: connectionId,
  };
  const exchange = (wish: Wish = {}): Promise<Answer> => post(stage, formOf({ ...usual, ...wish }));
  return { stage, connectionId, exchange, usual };
}

function formOf(wish: Wish): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(wish)) if (value !== undefined) form.set(name, value);
  return form;
}

async function post(stage: Stage, body: URLSearchParams | string, type?: string): Promise<Answer> {
  const headers = new Headers({ connection: "close", ...(type !== undefined && { "content-type": type }) });
  const response = await fetch(`${stage.service.url}/oauth/token`, { method: "POST", body, headers });
  const answer: unknown = await response.json();
  return { status: response.status, headers: response.headers, body: { ...Object(answer) } };
}

describe("token exchange", () => {
  test("gives the access token of a connection, with its scope and the life that is left", async () => {
    const { stage, connectionId, exchange } = await setUp();
    const { at } = await stage.token(connectionId);
    await stage.clock.advance(10_000);

    const answer = await exchange();

    const lifeLeft = Math.floor((Date.parse(at("expires_at")) - stage.clock.now()) / 1000);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(answer.body).toEqual({
      access_token: at("access_token"),
      token_type: "Bearer",
      issued_token_type: ACCESS_TOKEN,
      expires_in: lifeLeft,
      scope: at("scope"),
    });
    await stage.clock.leap(HOUR);
    const later = await exchange({ scope: "https://www.googleapis.com/auth/cloud-platform" });
    expect(later.body["access_token"]).not.toBe(at("access_token"));
    expect(later.body["scope"]).toBe(at("scope"));
  });

  test("takes the connection as an audience, a resource or an address, and counts for the key", async () => {
    const { stage, connectionId, exchange } = await setUp();
    const address = `https://evergrant.example/connections/${connectionId}`;
    const none = { audience: undefined };
    const wishes = [{}, { audience: address }, { ...none, resource: address }, { resource: connectionId }];
    for (const wish of wishes)
      expect((await exchange({ ...wish, requested_token_type: ACCESS_TOKEN })).status).toBe(200);
    await stage.clock.advance(MINUTE);
    const reads = await stage.api("GET", `/v1/connections/${connectionId}/reads`);
    expect(reads.text).toContain('"count":4');
  });

  test("takes an agent token, for its connections alone and until its end", async () => {
    const { stage, connectionId, exchange } = await setUp();
    const other = (await stage.connect("bob")).connectionId;
    const made = await stage.api("POST", "/v1/agent-tokens", { connections: [connectionId], expires_in: 60 });
    const subject_token = made.at("agent_token");
    // As a file has it that a command has printed to.
    expect((await exchange({ subject_token: `${subject_token}\n` })).status).toBe(200);
    expect((await exchange({ subject_token, audience: other })).body).toMatchObject({ error: "invalid_target" });
    await stage.clock.advance(MINUTE);
    expect((await exchange({ subject_token })).body).toMatchObject({ error: "invalid_request" });
  });
});

describe("token exchange refuses", () => {
  test("what is no request of RFC 8693, each with a code and a sentence", async () => {
    const { stage, exchange, usual } = await setUp();
    const saml = "urn:ietf:params:oauth:token-type:saml2";
    const wrong: [Wish, string, string][] = [
      [{ grant_type: undefined }, "invalid_request", "grant_type"],
      [{ grant_type: "client_credentials" }, "unsupported_grant_type", TOKEN_EXCHANGE],
      [{ grant_type: "__proto__" }, "unsupported_grant_type", TOKEN_EXCHANGE],
      [{ subject_token: undefined }, "invalid_request", "subject_token"],
      [{ subject_token: "" }, "invalid_request", "subject_token"],
      [{ subject_token_type: undefined }, "invalid_request", "subject_token_type"],
      [{ subject_token_type: saml }, "invalid_request", "subject_token_type"],
      [{ requested_token_type: saml }, "invalid_request", "requested_token_type"],
      [{ actor_token: "x" }, "invalid_request", "actor_token"],
      [{ actor_token_type: ACCESS_TOKEN }, "invalid_request", "actor_token"],
      [{ audience: undefined }, "invalid_request", "resource"],
      [{ audience: "alice" }, "invalid_target", "con_"],
      [{ audience: `con_${"0".repeat(26)}` }, "invalid_target", "no such connection"],
      [{ resource: `con_${"0".repeat(26)}` }, "invalid_target", "not the same"],
    ];
    for (const [wish, error, part] of wrong) {
      const { status, body } = await exchange(wish);
      const expected = { error, error_description: expect.stringContaining(part) };
      expect([wish, status, body]).toEqual([wish, 400, expected]);
    }
    const twice = formOf(usual);
    twice.append("audience", usual["audience"] ?? "");
    expect((await post(stage, twice)).body).toMatchObject({ error: "invalid_request" });
  });

  test("what is no form, or too much of one, in the same shape", async () => {
    const { stage, usual } = await setUp();
    const json = await post(stage, JSON.stringify(usual), "application/json");
    expect([json.status, json.body]).toMatchObject([415, { error: "invalid_request" }]);
    const text = await post(stage, formOf(usual).toString(), "text/plain");
    expect([text.status, text.body]).toMatchObject([415, { error: "invalid_request" }]);
    const large = await post(stage, formOf({ ...usual, subject_token: "x".repeat(33_000) }));
    expect([large.status, large.body]).toMatchObject([413, { error: "invalid_request" }]);
    const read = await fetch(`${stage.service.url}/oauth/token`);
    expect(read.status).toBe(404);
  });

  test("a subject that is not good, with no word about which (RFC 8693 §2.2.2)", async () => {
    const { stage, exchange } = await setUp();
    const make = (body: object) => stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["token:read"], ...body });
    const lacking = await make({ scopes: ["connections:read"] });
    const elsewhere = await make({ allowed_cidrs: ["192.0.2.0/24"] });
    const revoked = await make({});
    await stage.api("DELETE", `/v1/api-keys/${revoked.at("id")}`);
    const subjects = ["nobody", `${stage.adminKey}x`, revoked.at("key"), lacking.at("key"), elsewhere.at("key")];
    for (const subject_token of subjects) {
      const { status, body } = await exchange({ subject_token });
      expect([status, body["error"]]).toEqual([400, "invalid_request"]);
      expect(JSON.stringify(body)).not.toContain(subject_token);
    }
  });

  test("another tenant's connection like one that nobody has, there and at the managed identity's endpoint", async () => {
    const { stage, connectionId, exchange } = await setUp();
    const tenant = (await stage.api("POST", "/v1/tenants", { name: "Another" })).at("id");
    const made = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["admin"], tenant });
    const subject_token = made.at("key");
    const none = `con_${"0".repeat(26)}`;
    const [foreign, unknown] = [await exchange({ subject_token }), await exchange({ subject_token, audience: none })];
    expect(foreign).toMatchObject({ status: 400, body: { error: "invalid_target" } });
    expect(foreign.body).toEqual(unknown.body);
    const identity = async (client: string) => {
      const query = `?api-version=2019-08-01&resource=x&client_id=${client}`;
      const headers = { "x-identity-header": subject_token, connection: "close" };
      const answer = await fetch(`${stage.service.url}/msi/token${query}`, { headers });
      return [answer.status, await answer.text()];
    };
    expect(await identity(connectionId)).toEqual([400, expect.stringContaining("invalid_target")]);
    expect(await identity(connectionId)).toEqual(await identity(none));
  });

  test("with the link where a person must act, and with the time where it passes", async () => {
    const { stage, connectionId, exchange } = await setUp();
    stage.sandbox.control.change({ tokenEndpointFault: { kind: "rate_limit", retryAfterSeconds: 30 } });
    await stage.clock.leap(2 * HOUR);
    const passing = await exchange();
    expect([passing.status, passing.body["error"]]).toEqual([503, "temporarily_unavailable"]);
    expect(Number(passing.headers.get("retry-after"))).toBeGreaterThan(0);

    stage.sandbox.control.change({ tokenEndpointFault: null });
    await stage.sandbox.control.revokeUser("alice");
    await stage.clock.leap(HOUR);
    const gone = await exchange();
    const link = (await stage.token(connectionId)).at("reauthorization_url");
    expect([gone.status, gone.body]).toEqual([
      400,
      { error: "invalid_grant", error_description: expect.any(String), error_uri: link },
    ]);
    await stage.api("DELETE", `/v1/connections/${connectionId}`);
    expect((await exchange()).body).toEqual({ error: "invalid_grant", error_description: expect.any(String) });
  });

  test("more requests than its key may make, until there may be one", async () => {
    const { stage, exchange } = await setUp();
    const limited = { name: "x", scopes: ["token:read"], rate_limit: 1 };
    const subject_token = (await stage.api("POST", "/v1/api-keys", limited)).at("key");
    const answers = [
      await exchange({ subject_token }),
      await exchange({ subject_token }),
      await exchange({ subject_token }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]?.body).toMatchObject({ error: "temporarily_unavailable" });
    expect(answers[2]?.headers.get("retry-after")).toBe("1");
  });
});

test("the route is described, with its form", async () => {
  const stage = await openStage();
  const { body } = await stage.api("GET", "/openapi.json");
  expect(body).toMatchObject({
    paths: { "/oauth/token": { post: { requestBody: { content: { "application/x-www-form-urlencoded": {} } } } } },
  });
  expect(body).toMatchObject({ paths: { "/msi/token": { get: { parameters: expect.anything() } } } });
});
