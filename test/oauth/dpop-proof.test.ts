import { createHash } from "node:crypto";
import { decodeJwt, EmbeddedJWK, exportJWK, generateKeyPair, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { dpopProof, isAboutProof, isBound } from "../../src/oauth/dpop-proof.ts";
import { SIGNING_ALGORITHMS, type SigningAlgorithm, type SigningKey } from "../../src/oauth/signing-key.ts";
import { secret } from "../../src/runtime/secret.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";

const NOW = Date.UTC(2026, 0, 1);
const ports = { clock: createManualClock(NOW), random: createSeededRandom(1) };
const REQUEST = { method: "POST", url: "https://as.example/token", nonce: null, accessToken: null };

async function signingKey(algorithm: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { algorithm, keyId: "kid", privateJwk: secret(JSON.stringify(await exportJWK(privateKey))) };
}

async function claimsOf(request: Partial<Parameters<typeof dpopProof>[1]>) {
  return decodeJwt((await dpopProof(await signingKey("ES256"), { ...REQUEST, ...request }, ports)).reveal());
}

describe.each(SIGNING_ALGORITHMS)("a proof signed with %s (RFC 9449 §4.2)", (algorithm) => {
  test("is verified with the key that it brings, which is the public one alone", async () => {
    const key = await signingKey(algorithm);
    const proof = await dpopProof(key, REQUEST, ports);
    const { payload, protectedHeader } = await jwtVerify(proof.reveal(), EmbeddedJWK, { typ: "dpop+jwt" });
    const whole: Record<string, unknown> = JSON.parse(key.privateJwk.reveal());
    const shown = ["kty", "crv", "x", "y", "n", "e"].filter((name) => name in whole);
    const jwk = Object.fromEntries(shown.map((name) => [name, whole[name]]));
    expect(protectedHeader).toEqual({ typ: "dpop+jwt", alg: algorithm, jwk });
    expect(payload).toEqual({
      jti: expect.any(String),
      htm: "POST",
      htu: "https://as.example/token",
      iat: NOW / 1000,
    });
  });
});

test("a proof is for one use", async () => {
  const ids = await Promise.all([1, 2, 3].map(async () => (await claimsOf({})).jti));
  expect(new Set(ids).size).toBe(3);
});

test("the address has neither query nor fragment, nor who signs in to it", async () => {
  const { htu } = await claimsOf({ url: "https://user:word@API.example:443/a/./b?token=1#end" });
  expect(htu).toBe("https://api.example/a/b");
});

test("a proof for an API names its access token by a digest, and the nonce as it was given", async () => {
  const claims = await claimsOf({ accessToken: secret("at-1"), nonce: "n-1" });
  expect(claims).toMatchObject({ ath: createHash("sha256").update("at-1").digest("base64url"), nonce: "n-1" });
});

test.each([
  ["DPoP", true],
  ["dpop", true],
  ["Bearer", false],
  ["", false],
])("a token of type %j is bound: %j", (tokenType, is) => {
  expect(isBound(tokenType)).toBe(is);
});

test.each([
  ['DPoP error="use_dpop_nonce"', true],
  ['DPoP realm="x", error="invalid_dpop_proof", algs="ES256"', true],
  ['DPoP error="invalid_token"', false],
  [null, false],
])("a challenge of %j is about the proof: %j", (challenge, is) => {
  expect(isAboutProof(challenge)).toBe(is);
});
