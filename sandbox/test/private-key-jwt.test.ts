import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from "jose";
import { expect, test } from "vitest";
import { clientId, codeForm, startConnectedClient, tokensIn } from "./connected-client.ts";
import { startSite } from "./site.ts";

const now = (): number => Math.floor(Date.now() / 1000);

function assertion(key: CryptoKey, audience: string, kid = "k1"): Promise<string> {
  const claims = { iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), exp: now() + 60 };
  return new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid }).sign(key);
}

function proofForm(clientAssertion: string): Record<string, string> {
  const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
  return { client_id: clientId, client_assertion_type: type, client_assertion: clientAssertion };
}

async function start() {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k1", use: "sig" }] });
  const site = await startSite((_req, res) => res.setHeader("content-type", "application/json").end(keys));
  const client = await startConnectedClient();
  await client.sandbox.control.putClient({
    clientId,
    clientSecret: "",
    redirectUris: [client.redirectUri],
    tokenEndpointAuthMethod: "private_key_jwt",
    jwksUri: `${site}/jwks.json`,
  });
  return { client, privateKey, audience: `${client.sandbox.url}/token` };
}

test("a client that signs with a key it publishes is let in, once with each assertion (RFC 7523 §3)", async () => {
  const { privateKey, audience, client } = await start();
  const { redirectUri } = client;
  const visit = await client.authorize();
  const code = { ...codeForm(visit.url, redirectUri), ...proofForm(await assertion(privateKey, audience)) };
  const { refreshToken } = tokensIn(await client.token(code, {}));
  const refresh = { grant_type: "refresh_token", refresh_token: refreshToken };
  const proof = proofForm(await assertion(privateKey, audience));
  const next = tokensIn(await client.token({ ...refresh, ...proof }, {}));
  const again = await client.token({ ...refresh, refresh_token: next.refreshToken, ...proof }, {});
  expect(again).toMatchObject({ status: 401, body: { error: "invalid_client" } });
});

test("another key, another audience and a secret are refused", async () => {
  const { privateKey, audience, client } = await start();
  const other = await generateKeyPair("ES256");
  const refresh = { grant_type: "refresh_token", refresh_token: "any" };
  for (const proof of [
    proofForm(await assertion(other.privateKey, audience)),
    proofForm(await assertion(privateKey, "https://elsewhere.example/token")),
    { client_id: clientId, client_secret: "any" },
    { client_id: clientId },
  ]) {
    const answer = await client.token({ ...refresh, ...proof }, {});
    expect(answer).toMatchObject({ status: 401, body: { error: "invalid_client" } });
  }
});
