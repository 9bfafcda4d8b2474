import { describe, expect, test } from "vitest";
import {
  basic,
  clientId,
  clientSecret,
  codeForm,
  startConnectedClient,
  tokensIn,
  type ConnectedClient,
  type Tokens,
} from "./connected-client.ts";

async function connectAliceAndBob(client: ConnectedClient) {
  return { alice: await client.connect(), bob: await client.connect({}, { user: "bob" }) };
}

async function works(client: ConnectedClient, tokens: Tokens) {
  const access = (await client.api("/api/files", tokens.accessToken)).status;
  return [access, (await client.refresh(tokens.refreshToken)).status];
}

describe("revocation", () => {
  test.each(["revokeUser", "changePassword"] as const)("%s ends all tokens of that user at once", async (action) => {
    const client = await startConnectedClient();
    const { alice, bob } = await connectAliceAndBob(client);
    await client.sandbox.control[action]("alice");
    expect(await works(client, alice)).toEqual([401, 400]);
    expect(await works(client, bob)).toEqual([200, 200]);
    expect(await works(client, await client.connect())).toEqual([200, 200]);
  });

  test("revokeUser also ends a code that is not yet redeemed", async () => {
    const client = await startConnectedClient();
    const { url } = await client.authorize();
    await client.sandbox.control.revokeUser("alice");
    const answer = await client.token(codeForm(url, client.redirectUri));
    expect(answer).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  });

  test("revokeAll ends the tokens of everybody", async () => {
    const client = await startConnectedClient();
    const { alice, bob } = await connectAliceAndBob(client);
    await client.sandbox.control.revokeAll();
    expect(await works(client, alice)).toEqual([401, 400]);
    expect(await works(client, bob)).toEqual([401, 400]);
  });

  test("the revocation endpoint ends the grant of a refresh token (RFC 7009)", async () => {
    const client = await startConnectedClient();
    const { alice, bob } = await connectAliceAndBob(client);
    const revoke = (token: string, headers: Record<string, string>) =>
      fetch(`${client.sandbox.url}/revoke`, { method: "POST", headers, body: new URLSearchParams({ token }) });

    expect((await revoke(alice.refreshToken, {})).status).toBe(400);
    expect((await revoke(alice.refreshToken, { authorization: basic })).status).toBe(200);
    expect((await revoke("unknown", { authorization: basic })).status).toBe(200);
    expect(await works(client, alice)).toEqual([401, 400]);
    expect(await works(client, bob)).toEqual([200, 200]);
    expect(client.sandbox.control.counts().revocationRequests).toBe(3);
  });

  test("revoking an access token ends the refresh token and the other access tokens of its grant", async () => {
    const client = await startConnectedClient();
    const first = await client.connect();
    const second = tokensIn(await client.refresh(first.refreshToken));
    const body = new URLSearchParams({ token: second.accessToken });
    await fetch(`${client.sandbox.url}/revoke`, { method: "POST", headers: { authorization: basic }, body });
    expect(await works(client, second)).toEqual([401, 400]);
    expect((await client.api("/api/files", first.accessToken)).status).toBe(401);
  });

  test("the token of another client is not revoked", async () => {
    const client = await startConnectedClient();
    const tokens = await client.connect();
    const { control, url } = client.sandbox;
    await control.putClient({ clientId: "other", clientSecret: "x", redirectUris: [client.redirectUri] });
    const body = new URLSearchParams({ token: tokens.refreshToken, client_id: "other", client_secret: "x" });
    const response = await fetch(`${url}/revoke`, { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await works(client, tokens)).toEqual([200, 200]);
  });

  test("unknown users and clients are named", async () => {
    const { control } = (await startConnectedClient()).sandbox;
    await expect(control.revokeUser("nobody")).rejects.toThrow("no user nobody");
    await expect(control.changePassword("nobody")).rejects.toThrow("no user nobody");
    await expect(control.disableClient("none")).rejects.toThrow("no client none");
    await expect(control.enableClient("none")).rejects.toThrow("no client none");
    await expect(control.rotateClientSecret("none", "x")).rejects.toThrow("no client none");
  });
});

describe("clients", () => {
  test("a disabled client is refused at the token endpoint, its access tokens stay", async () => {
    const client = await startConnectedClient();
    const { control } = client.sandbox;
    const { accessToken, refreshToken } = await client.connect();
    await control.disableClient(clientId);
    const refused = await client.refresh(refreshToken);
    expect(refused).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    expect(refused.headers.get("www-authenticate")).toBe("Basic");
    expect((await client.api("/api/files", accessToken)).status).toBe(200);
    await control.putClient({ clientId, clientSecret, redirectUris: [client.redirectUri] });
    expect((await client.refresh(refreshToken)).status).toBe(401);
    await control.enableClient(clientId);
    expect((await client.refresh(refreshToken)).status).toBe(200);
    expect(control.counts()).toMatchObject({ refreshesSucceeded: 1, refreshesRejected: 2 });
  });

  test("a rotated secret is dead at once", async () => {
    const client = await startConnectedClient();
    const { refreshToken } = await client.connect();
    await client.sandbox.control.rotateClientSecret(clientId, "new");
    expect(await client.refresh(refreshToken)).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    const form = { grant_type: "refresh_token", refresh_token: refreshToken };
    expect((await client.token({ ...form, client_id: clientId, client_secret: "new" }, {})).status).toBe(200);
  });

  test("an added secret lives beside the others until they are rotated", async () => {
    const client = await startConnectedClient();
    const { refreshToken } = await client.connect();
    const { control } = client.sandbox;
    await control.addClientSecret(clientId, "second");
    const ask = async (secret: string) => {
      const form = { grant_type: "refresh_token", refresh_token: "none", client_id: clientId, client_secret: secret };
      return (await client.token(form, {})).body.error;
    };
    expect((await client.refresh(refreshToken)).status).toBe(200);
    expect([await ask("second"), await ask("third")]).toEqual(["invalid_grant", "invalid_client"]);
    await control.rotateClientSecret(clientId, "third");
    expect([await ask("second"), await ask("third")]).toEqual(["invalid_client", "invalid_grant"]);
    await expect(control.addClientSecret("none", "x")).rejects.toThrow("no client none");
  });

  test("what makes no client is refused", async () => {
    const client = { clientId: "x", clientSecret: "x", redirectUris: ["not a URI"] };
    await expect(startConnectedClient({ clients: [client] })).rejects.toThrow("not an http(s) URL");
    const { control } = (await startConnectedClient()).sandbox;
    await expect(control.putClient(client)).rejects.toThrow("not an http(s) URL");
    await expect(control.rotateClientSecret(clientId, "")).rejects.toThrow("client_secret");
  });
});

test("counts say what was asked and what came of it", async () => {
  const client = await startConnectedClient();
  const { control } = client.sandbox;
  const { alice, bob } = await connectAliceAndBob(client);
  const second = tokensIn(await client.refresh(alice.refreshToken));
  await client.refresh(second.refreshToken);
  await client.refresh(bob.refreshToken);
  await client.refresh("unknown");
  await client.token({ grant_type: "refresh_token", refresh_token: "unknown", client_id: "stranger" }, {});
  await client.api("/api/files", alice.accessToken);
  await client.api("/api/files", "unknown");
  expect(control.counts()).toEqual({
    authorizationCodeRequests: 2,
    refreshRequests: 5,
    refreshesSucceeded: 3,
    refreshesRejected: 2,
    reuseDetected: 0,
    revocationRequests: 0,
    apiRequests: 2,
    apiUnauthorized: 1,
    refreshesByUser: { alice: 2, bob: 1 },
    tokenRequestsByClient: { [clientId]: 6 },
    faultsServed: 0,
  });
  control.resetCounts();
  expect(control.counts()).toMatchObject({ refreshRequests: 0, apiRequests: 0, refreshesByUser: {} });
});
