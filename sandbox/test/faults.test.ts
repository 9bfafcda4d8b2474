import { describe, expect, test } from "vitest";
import type { Fault } from "../src/index.ts";
import { basic, startConnectedClient, tokensIn } from "./connected-client.ts";

async function startWithRefreshToken() {
  const client = await startConnectedClient({ behaviour: { reuse: { kind: "error" } } });
  const { refreshToken } = await client.connect();
  client.sandbox.control.resetCounts();
  const post = (token = refreshToken, signal?: AbortSignal) =>
    fetch(`${client.sandbox.url}/token`, {
      method: "POST",
      headers: { authorization: basic },
      body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: token }),
      ...(signal && { signal }),
    });
  const fail = (fault: Fault | null) => client.sandbox.control.change({ tokenEndpointFault: fault });
  return { client, control: client.sandbox.control, refreshToken, post, fail };
}

describe("a token endpoint fault", () => {
  test("status answers JSON that RFC 6749 does not know, and nothing is committed", async () => {
    const { client, control, refreshToken, post, fail } = await startWithRefreshToken();
    fail({ kind: "status", status: 503 });
    const response = await post();
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 503, message: "Service Unavailable" });
    fail(null);
    expect((await client.refresh(refreshToken)).status).toBe(200);
    expect(control.counts()).toMatchObject({
      refreshRequests: 2,
      refreshesSucceeded: 1,
      refreshesRejected: 0,
      faultsServed: 1,
      reuseDetected: 0,
    });
  });

  test("rate_limit names the seconds", async () => {
    const { post, fail } = await startWithRefreshToken();
    fail({ kind: "rate_limit", retryAfterSeconds: 17 });
    const response = await post();
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "17"]);
  });

  test("html is a proxy's page", async () => {
    const { post, fail } = await startWithRefreshToken();
    fail({ kind: "html", status: 502 });
    const response = await post();
    expect(response.status).toBe(502);
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(await response.text()).toContain("<h1>502 Bad Gateway</h1>");
  });

  test("empty has no body", async () => {
    const { post, fail } = await startWithRefreshToken();
    fail({ kind: "empty", status: 500 });
    const response = await post();
    expect([response.status, await response.text()]).toEqual([500, ""]);
  });

  test("cut_after_commit rotates and then resets the connection", async () => {
    const { client, control, refreshToken, post, fail } = await startWithRefreshToken();
    fail({ kind: "cut_after_commit", times: 1 });
    await expect(post()).rejects.toThrow("fetch failed");
    expect(control.counts()).toMatchObject({ refreshesSucceeded: 1, faultsServed: 1 });
    expect(control.behaviour().tokenEndpointFault).toBeNull();
    expect(await client.refresh(refreshToken)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect(control.counts().reuseDetected).toBe(1);
  });

  test("hang says nothing until the fault is cleared, then answers whoever still waits", async () => {
    const { control, post, fail } = await startWithRefreshToken();
    fail({ kind: "hang", times: 2 });
    const patient = post();
    await expect.poll(() => control.counts().faultsServed).toBe(1);
    const impatience = new AbortController();
    const impatient = post("another", impatience.signal);
    await expect.poll(() => control.counts().faultsServed).toBe(2);
    expect(control.behaviour().tokenEndpointFault).toBeNull();
    impatience.abort();
    await expect(impatient).rejects.toThrow("aborted");
    expect((await Promise.race([patient, post("a third")])).status).toBe(400);

    fail(null);
    expect((await patient).status).toBe(200);
    expect(control.counts()).toMatchObject({ refreshesSucceeded: 1, refreshesRejected: 1 });
  });

  test("a request that hangs ends when the sandbox closes", async () => {
    const { client, control, post, fail } = await startWithRefreshToken();
    fail({ kind: "hang" });
    const pending = post().then(
      () => "answered",
      () => "cut",
    );
    await expect.poll(() => control.counts().faultsServed).toBe(1);
    await client.sandbox.close();
    expect(await pending).toBe("cut");
  });

  test("with times hits so many token requests and clears itself", async () => {
    const { client, control, refreshToken, post, fail } = await startWithRefreshToken();
    fail({ kind: "status", status: 500, times: 2 });
    expect((await client.api("/api/files", "unknown")).status).toBe(401);
    expect((await post()).status).toBe(500);
    expect(control.behaviour().tokenEndpointFault).toEqual({ kind: "status", status: 500, times: 1 });
    expect((await post()).status).toBe(500);
    expect(control.behaviour().tokenEndpointFault).toBeNull();
    expect(tokensIn(await client.refresh(refreshToken))).toBeDefined();
  });

  test.each<Fault>([
    { kind: "status", status: 99 },
    { kind: "html", status: 600 },
    { kind: "rate_limit", retryAfterSeconds: -1 },
    { kind: "hang", times: 0 },
  ])("that makes no sense is refused: %o", async (fault) => {
    const { control, fail } = await startWithRefreshToken();
    expect(() => fail(fault)).toThrow(RangeError);
    expect(control.behaviour().tokenEndpointFault).toBeNull();
  });
});
