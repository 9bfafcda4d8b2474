import { expect, test } from "vitest";
import { readClaimsChallenge, withClaims, writeClaimsChallenge } from "../../src/oauth/claims-challenge.ts";

const CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1702682181"}}}';

function challenge(encoded: string, error = "insufficient_claims"): string {
  return `Bearer realm="", authorization_uri="https://as.example/authorize", error="${error}", claims="${encoded}"`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64");
}

test("the claims of a challenge are read in either alphabet of base64, with padding or without, whatever error they come with", () => {
  const encoded = writeClaimsChallenge(CLAIMS);
  for (const text of [encoded, encoded.replaceAll("=", ""), Buffer.from(CLAIMS).toString("base64url")]) {
    expect(readClaimsChallenge(challenge(text))).toBe(CLAIMS);
    expect(readClaimsChallenge(challenge(text, "invalid_token"))).toBe(CLAIMS);
  }
});

test("what is no object in JSON, is too long, or is not there, is no challenge", () => {
  for (const value of [null, 1, "text", [1], { a: "x".repeat(4096) }]) {
    expect(readClaimsChallenge(challenge(encode(value)))).toBeNull();
  }
  for (const text of ["", "not json at all", "!!", Buffer.from("{").toString("base64")]) {
    expect(readClaimsChallenge(challenge(text))).toBeNull();
  }
  expect(readClaimsChallenge(null)).toBeNull();
  expect(readClaimsChallenge('Bearer error="invalid_token"')).toBeNull();
  expect(readClaimsChallenge(`Bearer no_claims="${encode({})}"`)).toBeNull();
});

test("claims of the client and of the API are asked for together, and of the same one the API's counts", () => {
  const own = '{"access_token":{"xms_cc":{"values":["cp1"]},"nbf":null},"userinfo":{}}';
  expect(JSON.parse(withClaims(own, CLAIMS))).toEqual({
    access_token: { xms_cc: { values: ["cp1"] }, nbf: { essential: true, value: "1702682181" } },
    userinfo: {},
  });
  expect(withClaims(undefined, CLAIMS)).toBe(CLAIMS);
  expect(withClaims("no json", CLAIMS)).toBe(CLAIMS);
});
