import { createLocalJWKSet, decodeJwt, exportJWK, generateKeyPair, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { clientAssertion } from "../../src/oauth/client-assertion.ts";
import {
  publicJwkOf,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
  type SigningKey,
} from "../../src/oauth/signing-key.ts";
import { secret } from "../../src/runtime/secret.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";

const CLIENT = { clientId: "the-client", audience: "https://as.example/token", certificateThumbprint: null };
const NOW = Date.UTC(2026, 0, 1);
const ports = { clock: createManualClock(NOW), random: createSeededRandom(1) };

async function signingKey(algorithm: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { algorithm, keyId: `kid-${algorithm}`, privateJwk: secret(JSON.stringify(await exportJWK(privateKey))) };
}

describe.each(SIGNING_ALGORITHMS)("an assertion signed with %s (RFC 7523 §3)", (algorithm) => {
  test("is verified with the public key, by whoever it is for", async () => {
    const key = await signingKey(algorithm);
    const assertion = await clientAssertion(key, CLIENT, ports);
    const published = createLocalJWKSet({ keys: [publicJwkOf(key)] });
    const expected = { issuer: "the-client", subject: "the-client", audience: CLIENT.audience };
    const { payload, protectedHeader } = await jwtVerify(assertion.reveal(), published, {
      ...expected,
      currentDate: new Date(NOW),
    });
    expect(protectedHeader).toEqual({ alg: algorithm, typ: "JWT", kid: `kid-${algorithm}` });
    expect(payload.exp).toBe(NOW / 1000 + 120);
    expect(payload.iat).toBe(NOW / 1000 - 10);
    const later = { ...expected, currentDate: new Date(NOW + 121_000) };
    await expect(jwtVerify(assertion.reveal(), published, later)).rejects.toThrow("exp");
  });

  test("shows nothing of the private key", async () => {
    const key = await signingKey(algorithm);
    const whole: Record<string, string> = JSON.parse(key.privateJwk.reveal());
    const shown = JSON.stringify(publicJwkOf(key));
    const secrets = ["d", "p", "q", "dp", "dq", "qi"].flatMap((name) => whole[name] ?? []);
    expect(secrets).not.toEqual([]);
    expect(secrets.filter((part) => shown.includes(part))).toEqual([]);
  });
});

test("an assertion is for one use (RFC 7523 §3, item 7)", async () => {
  const key = await signingKey("ES256");
  const ids = await Promise.all(
    [1, 2, 3].map(async () => decodeJwt((await clientAssertion(key, CLIENT, ports)).reveal()).jti),
  );
  expect(new Set(ids).size).toBe(3);
});

test("a certificate is named by its thumbprint (RFC 7515 §4.1.8)", async () => {
  const assertion = await clientAssertion(
    await signingKey("PS256"),
    { ...CLIENT, certificateThumbprint: "dGh1bWI" },
    ports,
  );
  const [header = ""] = assertion.reveal().split(".");
  expect(JSON.parse(Buffer.from(header, "base64url").toString())).toMatchObject({ "x5t#S256": "dGh1bWI" });
});
