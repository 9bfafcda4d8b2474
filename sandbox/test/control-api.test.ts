import { describe, expect, test } from "vitest";
import { clientId, startConnectedClient, tokensIn } from "./connected-client.ts";

async function start() {
  const client = await startConnectedClient();
  const call = async (method: string, path: string, body?: unknown) => {
    const payload = typeof body === "string" ? body : JSON.stringify(body);
    const init = { method, ...(payload !== undefined && { body: payload }) };
    const response = await fetch(`${client.sandbox.url}/control${path}`, init);
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text) };
  };
  return { client, control: client.sandbox.control, call };
}

describe("behaviour", () => {
  test("is told and changed in snake_case", async () => {
    const { control, call } = await start();
    expect(await call("GET", "/behaviour")).toEqual({
      status: 200,
      body: {
        access_token_lifetime_seconds: 3600,
        rotation: true,
        reuse: { kind: "revoke_family" },
        offline_access_required: true,
        token_endpoint_fault: null,
        token_endpoint_delay: null,
        api_nonce: "api-nonce-1",
      },
    });
    const everything = {
      access_token_lifetime_seconds: 9,
      rotation: false,
      reuse: { kind: "accept", seconds: 12.5 },
      offline_access_required: false,
      token_endpoint_fault: { kind: "rate_limit", retry_after_seconds: 3, times: 4 },
      token_endpoint_delay: { from_ms: 5, to_ms: 9 },
      api_nonce: "n-2",
    };
    expect(await call("PATCH", "/behaviour", everything)).toEqual({ status: 200, body: everything });
    expect(control.behaviour()).toEqual({
      accessTokenLifetimeSeconds: 9,
      rotation: false,
      reuse: { kind: "accept", seconds: 12.5 },
      offlineAccessRequired: false,
      tokenEndpointFault: { kind: "rate_limit", retryAfterSeconds: 3, times: 4 },
      tokenEndpointDelay: { fromMs: 5, toMs: 9 },
      apiNonce: "n-2",
    });
    await call("PATCH", "/behaviour", { token_endpoint_fault: null, reuse: { kind: "error" } });
    expect(control.behaviour()).toMatchObject({ rotation: false, reuse: { kind: "error" }, tokenEndpointFault: null });
  });

  test.each([
    ["not JSON", "{", "not JSON"],
    ["an array", [], "must be a JSON object"],
    ["nothing", "", "must be a JSON object"],
    ["an unknown field", { rotate: true }, "unknown field rotate"],
    ["a wrong type", { rotation: "yes" }, "rotation must be true or false"],
    ["a lifetime of nothing", { access_token_lifetime_seconds: 0 }, "at least 1"],
    ["half a second", { access_token_lifetime_seconds: 1.5 }, "whole number"],
    ["an unknown reuse", { reuse: { kind: "forgive" } }, "reuse.kind"],
    ["accept without seconds", { reuse: { kind: "accept" } }, "seconds is missing"],
    ["seconds that are not used", { reuse: { kind: "error", seconds: 3 } }, "unknown field seconds"],
    ["an unknown fault", { token_endpoint_fault: { kind: "fire" } }, "token_endpoint_fault.kind"],
    ["a fault without status", { token_endpoint_fault: { kind: "html" } }, "status is missing"],
    ["a fault of no status", { token_endpoint_fault: { kind: "status", status: 42 } }, "from 200 to 599"],
    ["half a delay", { token_endpoint_delay: { from_ms: 5 } }, "to_ms is missing"],
    ["a delay that ends before it begins", { token_endpoint_delay: { from_ms: 5, to_ms: 4 } }, "delay"],
    ["a nonce that no header carries", { api_nonce: "a b" }, "the nonce of the API"],
    ["a fault zero times", { token_endpoint_fault: { kind: "hang", times: 0 } }, "times"],
    [
      "a retry-after that no fault has",
      { token_endpoint_fault: { kind: "hang", status: 500 } },
      "unknown field status",
    ],
  ])("refuses %s and changes nothing", async (_name, body, problem) => {
    const { control, call } = await start();
    const before = control.behaviour();
    const answer = await call("PATCH", "/behaviour", body);
    expect(answer).toMatchObject({ status: 400, body: { error: "invalid_request" } });
    expect(answer.body.error_description).toContain(problem);
    expect(control.behaviour()).toEqual(before);
  });

  test("refuses a body without end", async () => {
    const { client, call } = await start();
    const json = JSON.stringify({ rotation: " ".repeat(70_000) });
    expect(await call("PATCH", "/behaviour", json)).toMatchObject({ status: 413, body: { error: "invalid_request" } });
    const streamed = { method: "PATCH", body: new Blob([json]).stream(), duplex: "half" } as const;
    expect((await fetch(`${client.sandbox.url}/control/behaviour`, streamed)).status).toBe(413);
  });
});

test("counts are told and reset", async () => {
  const { client, call } = await start();
  const { refreshToken } = await client.connect();
  await client.refresh(refreshToken);
  const { body } = await call("GET", "/counts");
  expect(body).toEqual({
    authorization_code_requests: 1,
    refresh_requests: 1,
    refreshes_succeeded: 1,
    refreshes_rejected: 0,
    reuse_detected: 0,
    revocation_requests: 0,
    api_requests: 0,
    api_unauthorized: 0,
    refreshes_by_user: { alice: 1 },
    token_requests_by_client: { [clientId]: 2 },
    faults_served: 0,
  });
  expect((await call("POST", "/counts/reset")).status).toBe(204);
  expect((await call("GET", "/counts")).body).toMatchObject({ refresh_requests: 0, refreshes_by_user: {} });
});

describe("clients", () => {
  test("are put, disabled, enabled and given a new secret", async () => {
    const { client, call } = await start();
    const body = {
      client_secret: "s",
      redirect_uris: [client.redirectUri],
      token_endpoint_auth_method: "client_secret_post",
    };
    expect((await call("PUT", "/clients/a%20b", body)).status).toBe(204);
    const ask = async (secret: string) => {
      const form = { grant_type: "refresh_token", refresh_token: "x", client_id: "a b", client_secret: secret };
      return (await client.token(form, {})).body.error;
    };
    expect(await ask("s")).toBe("invalid_grant");
    expect((await call("POST", "/clients/a%20b/disable")).status).toBe(204);
    expect(await ask("s")).toBe("invalid_client");
    expect((await call("POST", "/clients/a%20b/enable")).status).toBe(204);
    expect(await ask("s")).toBe("invalid_grant");
    expect((await call("POST", "/clients/a%20b/secret", { client_secret: "t" })).status).toBe(204);
    expect([await ask("s"), await ask("t")]).toEqual(["invalid_client", "invalid_grant"]);
    expect((await call("POST", "/clients/a%20b/secrets", { client_secret: "u" })).status).toBe(204);
    expect([await ask("t"), await ask("u")]).toEqual(["invalid_grant", "invalid_grant"]);
  });

  test.each([
    ["PUT", "/clients/new", { redirect_uris: ["http://127.0.0.1/cb"] }, "client_secret"],
    ["PUT", "/clients/new", { client_secret: "x", redirect_uris: [] }, "redirect_uris"],
    ["PUT", "/clients/new", { client_secret: "x", redirect_uris: ["http://a/"], dpop: "yes" }, "dpop must be one of"],
    ["PUT", "/clients/new", { client_secret: "x", redirect_uris: ["/cb"] }, "not an http(s) URL"],
    ["PUT", "/clients/new", { client_secret: "x", redirect_uris: ["http://127.0.0.1/#x"] }, "not an http(s) URL"],
    ["PUT", "/clients/new", { client_secret: "x", redirect_uris: [1] }, "array of strings"],
    [
      "PUT",
      "/clients/new",
      { client_secret: "x", redirect_uris: ["http://a/"], colour: "red" },
      "unknown field colour",
    ],
    ["PUT", "/clients/n%0Aw", { client_secret: "x", redirect_uris: ["http://a/"] }, "client_id"],
    ["PUT", "/clients/%E0", { client_secret: "x", redirect_uris: ["http://a/"] }, "client_id"],
    ["POST", "/clients/app/secret", { client_secret: "" }, "client_secret"],
    ["POST", "/clients/app/secret", {}, "client_secret"],
  ])("refuses %s %s %j", async (method, path, body, problem) => {
    const { call } = await start();
    const answer = await call(method, path, body);
    expect(answer).toMatchObject({ status: 400, body: { error: "invalid_request" } });
    expect(answer.body.error_description).toContain(problem);
  });
});

describe("users", () => {
  test.each(["/users/alice/revoke", "/users/alice/password", "/revoke-all"])("%s ends tokens", async (path) => {
    const { client, call } = await start();
    const { accessToken } = await client.connect();
    expect((await call("POST", path)).status).toBe(204);
    expect((await client.api("/api/files", accessToken)).status).toBe(401);
  });
});

test.each([
  ["POST", "/users/nobody/revoke"],
  ["POST", "/users/nobody/password"],
  ["POST", "/clients/none/disable"],
  ["POST", "/clients/none/enable"],
  ["POST", "/clients/none/secret"],
  ["POST", "/clients/none/secrets"],
  ["GET", "/nothing"],
])("%s %s is not found", async (method, path) => {
  const { call } = await start();
  const body = /\/secrets?$/.test(path) ? { client_secret: "x" } : undefined;
  expect(await call(method, path, body)).toMatchObject({ status: 404, body: { error: "not_found" } });
});

test("a wrong method is told the right ones", async () => {
  const { client } = await start();
  const response = await fetch(`${client.sandbox.url}/control/behaviour`, { method: "DELETE" });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, PATCH"]);
});

test("what one side changes the other sees", async () => {
  const { client, call } = await start();
  await call("PATCH", "/behaviour", { access_token_lifetime_seconds: 11 });
  const { refreshToken } = await client.connect();
  const refreshed = await client.refresh(refreshToken);
  expect(refreshed.body.expires_in).toBe(11);
  expect(tokensIn(refreshed).refreshToken).not.toBe(refreshToken);
});
