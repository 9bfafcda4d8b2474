import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWK, type JWTPayload } from "jose";
import { describe, expect, test } from "vitest";
import { verifyIdToken } from "../../src/oauth/verify-id-token.ts";
import { secret } from "../../src/runtime/secret.ts";

const NOW = Date.UTC(2026, 0, 1);
const EXPECTED = { issuer: "https://login.example", clientId: "us", nonce: "n", now: NOW };
const SECONDS = NOW / 1000;
const CLAIMS = { iss: EXPECTED.issuer, sub: "alice", aud: "us", nonce: "n", iat: SECONDS, exp: SECONDS + 300 };

async function createKey(algorithm = "ES256", kid = "k1") {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const published: JWK = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" };
  const sign = async (claims: object = {}, header: object = {}) => {
    const payload: JWTPayload = Object.fromEntries(
      Object.entries({ ...CLAIMS, ...claims }).filter(([, value]) => value !== undefined),
    );
    const signed = new SignJWT(payload).setProtectedHeader({ alg: algorithm, kid, ...header });
    return secret(await signed.sign(privateKey));
  };
  return { published, sign };
}

describe("the claims of an ID token", () => {
  test.each([
    ["as they should be", {}, "alice"],
    ["for several, when we are the party", { aud: ["us", "them"], azp: "us" }, "alice"],
    ["a minute late", { exp: SECONDS - 59 }, "alice"],
    ["of another issuer", { iss: "https://login.example/" }, "issuer"],
    ["of no issuer", { iss: undefined }, "issuer"],
    ["for somebody else", { aud: "them" }, "audience"],
    ["for somebody else, by us", { aud: "them", azp: "us" }, "audience"],
    ["for several", { aud: ["us", "them"] }, "audience"],
    ["for several, by somebody else", { aud: ["us", "them"], azp: "them" }, "audience"],
    ["for us, by somebody else", { azp: "them" }, "audience"],
    ["for nobody", { aud: undefined }, "audience"],
    ["that are over", { exp: SECONDS - 60 }, "expired"],
    ["without an end", { exp: undefined }, "expired"],
    ["with an end that is a text", { exp: String(SECONDS + 300) }, "expired"],
    ["of the future", { iat: SECONDS + 61 }, "issued_at"],
    ["of long ago", { iat: SECONDS - 661 }, "issued_at"],
    ["without a time", { iat: undefined }, "issued_at"],
    ["of another sign-in", { nonce: "m" }, "nonce"],
    ["of no sign-in", { nonce: undefined }, "nonce"],
    ["of nobody", { sub: undefined }, "subject"],
    ["of an empty subject", { sub: "" }, "subject"],
    ["of a subject that is too long", { sub: "x".repeat(256) }, "subject"],
  ])("%s: %j", async (_name, claims, outcome) => {
    const { published, sign } = await createKey();
    const found = await verifyIdToken(await sign(claims), { keys: [published] }, EXPECTED);
    expect(found.kind === "verified" ? found.subject : found.problem).toBe(outcome);
  });
});

describe("the signature of an ID token", () => {
  test.each(["RS256", "PS256", "ES384", "EdDSA"])("may be %s", async (algorithm) => {
    const { published, sign } = await createKey(algorithm);
    expect(await verifyIdToken(await sign(), { keys: [published] }, EXPECTED)).toMatchObject({ kind: "verified" });
  });

  test("is by a key that the issuer publishes under that name", async () => {
    const [ours, other] = [await createKey("ES256", "k1"), await createKey("ES256", "k2")];
    const keys = { keys: [ours.published, other.published] };
    expect(await verifyIdToken(await other.sign(), keys, EXPECTED)).toMatchObject({ kind: "verified" });
    expect(await verifyIdToken(await other.sign({}, { kid: "k1" }), keys, EXPECTED)).toMatchObject({
      problem: "signature",
    });
    expect(await verifyIdToken(await other.sign({}, { kid: "k3" }), keys, EXPECTED)).toMatchObject({
      problem: "unknown_key",
    });
  });

  test("is none of no key, of a secret that both know, or of a public key taken for one", async () => {
    const { published, sign } = await createKey("RS256");
    const shared = { kty: "oct", k: Buffer.alloc(32, 7).toString("base64url"), kid: "s", alg: "HS256" };
    const keys = { keys: [published, shared] };
    const hmac = (kid: string, bytes: Uint8Array) =>
      new SignJWT(CLAIMS).setProtectedHeader({ alg: "HS256", kid }).sign(bytes);
    const whole = (await sign()).reveal();
    const forged = [
      new UnsecuredJWT(CLAIMS).encode(),
      await hmac("s", Buffer.alloc(32, 7)),
      await hmac("k1", Buffer.from(JSON.stringify(published))),
      whole.slice(0, whole.lastIndexOf(".") + 1),
      whole.replace(/\.[^.]+\./, `.${Buffer.from(JSON.stringify({ ...CLAIMS, sub: "bob" })).toString("base64url")}.`),
      "",
      "x",
      "a.b.c",
    ];
    for (const text of forged) {
      expect([text, await verifyIdToken(secret(text), keys, EXPECTED)]).toEqual([
        text,
        { kind: "refused", problem: "signature" },
      ]);
    }
  });
});
