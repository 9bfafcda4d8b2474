import { createHash, randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { expect, test } from "vitest";
import { basic, clientId, clientSecret, codeForm, startConnectedClient, tokensIn } from "./connected-client.ts";

interface Pair {
  privateKey: CryptoKey;
  jwk: JWK;
}

async function newPair(): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  return { privateKey, jwk: await exportJWK(publicKey) };
}

/** RFC 9449 §4.2. */
function proof({ privateKey, jwk }: Pair, claims: Record<string, unknown>): Promise<string> {
  return new SignJWT({ jti: randomUUID(), ...claims })
    .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk })
    .setIssuedAt()
    .sign(privateKey);
}

async function start(dpop: "bound" | "nonce") {
  const client = await startConnectedClient();
  const { url, control } = client.sandbox;
  await control.putClient({ clientId, clientSecret, redirectUris: [client.redirectUri], dpop });
  const pair = await newPair();
  const visit = await client.authorize();
  const code = codeForm(visit.url, client.redirectUri);
  const token = async (form: Record<string, string>, claims: Record<string, unknown> = {}) => {
    const dpopProof = await proof(pair, { htm: "POST", htu: `${url}/token`, ...claims });
    return client.token(form, { authorization: basic, dpop: dpopProof });
  };
  const api = async (accessToken: string, claims: Record<string, unknown> = {}, by = pair, scheme = "DPoP") => {
    const ath = createHash("sha256").update(accessToken).digest("base64url");
    const dpopProof = await proof(by, { htm: "GET", htu: `${url}/api/files`, ath, ...claims });
    const headers = { authorization: `${scheme} ${accessToken}`, dpop: dpopProof };
    return fetch(`${url}/api/files?page_size=1`, { headers });
  };
  return { client, control, code, token, api };
}

test("a client that is to be bound gets nothing without a proof, and tokens that are of use with one only", async () => {
  const { client, code, token, api } = await start("bound");
  expect(await client.token(code)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  const answer = await token(code);
  expect(answer.body.token_type).toBe("DPoP");
  const { accessToken } = tokensIn(answer);
  expect((await api(accessToken)).status).toBe(200);
  expect((await api(accessToken, {}, undefined, "Bearer")).status).toBe(401);
});

test("the API refuses a proof that is not for this very request, token and key", async () => {
  const { code, token, api } = await start("bound");
  const { accessToken } = tokensIn(await token(code));
  const jti = randomUUID();
  expect((await api(accessToken, { jti })).status).toBe(200);
  const wrong: Record<string, unknown>[] = [
    { jti },
    { htm: "POST" },
    { htu: "https://elsewhere.example/api/files" },
    { ath: "another" },
  ];
  const refused = [api(accessToken, {}, await newPair()), ...wrong.map((claims) => api(accessToken, claims))];
  for (const response of await Promise.all(refused)) {
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([
      401,
      expect.stringContaining('DPoP realm="sandbox", error="invalid_dpop_proof"'),
    ]);
  }
});

test("where nonces are wanted, the server and the API tell theirs, and take nothing without them", async () => {
  const { control, code, token, api } = await start("nonce");
  const first = await token(code);
  expect(first).toMatchObject({ status: 400, body: { error: "use_dpop_nonce" } });
  const { accessToken } = tokensIn(await token(code, { nonce: first.headers.get("dpop-nonce") }));
  control.change({ apiNonce: "n-2" });
  const refused = await api(accessToken, { nonce: "n-1" });
  expect([refused.status, refused.headers.get("dpop-nonce")]).toEqual([401, "n-2"]);
  expect((await api(accessToken, { nonce: "n-2" })).status).toBe(200);
});
