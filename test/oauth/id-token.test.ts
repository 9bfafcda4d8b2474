import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { readIdToken, type ExpectedIdToken } from "../../src/oauth/id-token.ts";
import { secret } from "../../src/runtime/secret.ts";

const EXPECTED: ExpectedIdToken = { issuer: "https://as.example", clientId: "client-1", nonce: "nonce-1" };
const CLAIMS = { iss: "https://as.example", aud: "client-1", sub: "user-1", nonce: "nonce-1" };

function jwt(claims: unknown): string {
  const parts = [{ alg: "RS256" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return [...parts, "signature"].join(".");
}

function read(claims: unknown, change: Partial<ExpectedIdToken> = {}) {
  return readIdToken(secret(jwt(claims)), { ...EXPECTED, ...change });
}

describe("an ID token (OIDC Core §3.1.3.7)", () => {
  test("gives its claims, known and unknown", () => {
    expect(read({ ...CLAIMS, tid: "t-1" })).toEqual({ ...CLAIMS, tid: "t-1" });
  });

  test("may name the client among several audiences", () => {
    expect(read({ ...CLAIMS, aud: ["other", "client-1"] })?.["sub"]).toBe("user-1");
  });

  test.each([
    ["without an audience", undefined],
    ["for another audience", "client-2"],
    ["for an audience that only contains the client's name", "client-1-other"],
    ["for other audiences", ["client-2", "client-3"]],
    ["for no audience", []],
    ["for an audience that is an object", { "client-1": true }],
    ["for a list in a list", [["client-1"]]],
  ])("is refused %s", (_how, aud) => {
    expect(read({ ...CLAIMS, aud })).toBeNull();
  });

  test.each([
    ["without an issuer", undefined],
    ["of another issuer", "https://evil.example"],
    ["of an issuer with a slash more", "https://as.example/"],
    ["of a list of issuers", ["https://as.example"]],
  ])("is refused %s", (_how, iss) => {
    expect(read({ ...CLAIMS, iss })).toBeNull();
  });

  test("may have any issuer where the provider's entry names none", () => {
    expect(read({ ...CLAIMS, iss: "https://as.example/tenant-9" }, { issuer: null })?.["sub"]).toBe("user-1");
  });

  test.each([
    ["without the nonce that was sent", undefined],
    ["with another nonce", "nonce-2"],
    ["with a list of nonces", ["nonce-1"]],
  ])("is refused %s", (_how, nonce) => {
    expect(read({ ...CLAIMS, nonce })).toBeNull();
  });

  test("may come without a nonce when none was sent", () => {
    expect(read({ ...CLAIMS, nonce: undefined }, { nonce: null })?.["sub"]).toBe("user-1");
  });
});

test.each([
  ["nothing", ""],
  ["one part", "abc"],
  ["an empty body", "a..b"],
  ["a body that is no base64url", "a.%%%.b"],
  ["a body that is no JSON", `a.${Buffer.from("{").toString("base64url")}.b`],
  ["a body that is a list", jwt([CLAIMS])],
  ["a body that is null", jwt(null)],
])("%s is no ID token", (_what, text) => {
  expect(readIdToken(secret(text), { issuer: null, clientId: "client-1", nonce: null })).toBeNull();
});

test("no text makes the reader throw", () => {
  const property = fc.property(fc.string(), fc.jsonValue(), (text, claims) => {
    expect(readIdToken(secret(text), EXPECTED)).toBeNull();
    expect(read(claims)).toBeNull();
  });
  fc.assert(property);
});
