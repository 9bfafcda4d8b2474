import { describe, expect, test } from "vitest";
import type { Answer } from "../stage/api.ts";
import { openStage } from "../stage/stage.ts";

describe("bad input gets a code and a sentence", () => {
  test("in the query of an access token", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    for (const query of [
      "min_ttl=-1",
      "min_ttl=1e9",
      "min_ttl=abc",
      "min_ttl=1.5",
      "min_ttl=86401",
      "min_ttl=NaN",
      "ttl=60",
      "min_ttl=60&min_ttl=70",
    ]) {
      const answer = await stage.token(connectionId, `?${query}`);
      expect([query, answer.body]).toMatchObject([query, { status: 400, code: "invalid_request" }]);
    }
    for (const query of ["", "?min_ttl=0", "?min_ttl=60", "?min_ttl=86400", "?min_ttl="]) {
      expect([query, (await stage.token(connectionId, query)).status]).toEqual([query, 200]);
    }
  });

  test("in bodies", async () => {
    const stage = await openStage();
    const { api } = stage;
    const client = { provider: "sandbox", client_id: "x", client_secret: "s" };
    const cases: [string, Promise<Answer>, Record<string, unknown>][] = [
      [
        "malformed JSON",
        api("POST", "/v1/clients", '{"provider":"sandbox","client_secret":"CANARY'),
        { status: 400, code: "invalid_request" },
      ],
      ["no body", api("POST", "/v1/clients"), { status: 400, code: "invalid_request" }],
      ["an array", api("POST", "/v1/clients", "[]"), { status: 400, code: "invalid_request" }],
      [
        "an unknown field",
        api("POST", "/v1/clients", { ...client, colour: 1 }),
        { status: 400, detail: 'unknown field "colour".' },
      ],
      ["an unknown field inside", api("POST", "/v1/clients", { ...client, settings: { colour: 1 } }), { status: 400 }],
      [
        "an unknown provider",
        api("POST", "/v1/clients", { ...client, provider: "nobody" }),
        { status: 400, code: "unknown_provider" },
      ],
      [
        "no secret where one is needed",
        api("POST", "/v1/clients", { provider: "google", client_id: "x", authentication: "client_secret_basic" }),
        { status: 400 },
      ],
      [
        "a secret where none is used",
        api("POST", "/v1/clients", { ...client, authentication: "none" }),
        { status: 400 },
      ],
      [
        "a body of 1 MB",
        api("POST", "/v1/clients", { ...client, client_id: "x".repeat(1_000_000) }),
        { status: 413, code: "payload_too_large" },
      ],
      ["a bad provider id", api("PUT", "/v1/providers/UPPER", { issuer: "https://x.example" }), { status: 400 }],
      [
        "a provider with half its endpoints",
        api("PUT", "/v1/providers/half", { name: "x", token_url: "https://x.example/t" }),
        { status: 400 },
      ],
      ["an issuer that is no URL", api("PUT", "/v1/providers/odd", { issuer: "not a url" }), { status: 400 }],
      [
        "an issuer that publishes nothing",
        api("PUT", "/v1/providers/odd", { issuer: `${stage.sandbox.url}/nothing` }),
        { status: 400, code: "discovery_failed" },
      ],
      [
        "an issuer at a private address",
        api("PUT", "/v1/providers/odd", { issuer: "http://169.254.169.254" }),
        { status: 400, code: "discovery_failed" },
      ],
      ["a session for nothing", api("POST", "/v1/connect-sessions", {}), { status: 400 }],
      ["labels that are no texts", api("PATCH", "/v1/connections/con_x", { labels: { a: 1 } }), { status: 400 }],
      ["a status that is none", api("GET", "/v1/connections?status=fine"), { status: 400 }],
      ["a limit of 0", api("GET", "/v1/connections?limit=0"), { status: 400 }],
      ["a key without scopes", api("POST", "/v1/api-keys", { name: "x", scopes: [] }), { status: 400 }],
      [
        "a scope that is none",
        api("POST", "/v1/api-keys", { name: "x", scopes: ["refresh_token:read"] }),
        { status: 400 },
      ],
      ["an address that is none", api("GET", "/v1/nothing"), { status: 404, code: "not_found" }],
      [
        "a rejection of generation 0",
        api("POST", "/v1/connections/con_x/access-token/rejected", { generation: 0, status: 401 }),
        { status: 400 },
      ],
    ];
    for (const [name, pending, expected] of cases) {
      const answer = await pending;
      expect([name, answer.body]).toMatchObject([
        name,
        { ...expected, detail: expect.any(String), code: expect.any(String) },
      ]);
      expect(answer.headers.get("content-type")).toContain("application/problem+json");
      expect(answer.text).not.toContain("CANARY");
    }
  });

  test("in other media types", async () => {
    const stage = await openStage();
    const response = await fetch(`${stage.service.url}/v1/clients`, {
      method: "POST",
      headers: { authorization: `Bearer ${stage.adminKey}`, "content-type": "text/plain" },
      body: "provider=sandbox",
    });
    expect(await response.json()).toMatchObject({ status: 415, code: "unsupported_media_type" });
  });
});

test("a generation that has not been cannot be reported as rejected", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const path = `/v1/connections/${connectionId}/access-token/rejected`;
  const answer = await stage.api("POST", path, { generation: 2, status: 401 });
  expect(answer.body).toMatchObject({ status: 400, code: "invalid_request" });
  expect(stage.sandbox.control.counts().refreshRequests).toBe(0);
});
