import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { metadataUrls, readMetadata } from "../../src/oauth/metadata.ts";

const ISSUER = "https://as.example/tenant";
const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: "https://as.example/authorize",
  token_endpoint: "https://as.example/token",
};

function read(document: unknown, issuer = ISSUER) {
  return readMetadata(issuer, new TextEncoder().encode(JSON.stringify(document)));
}

describe("where an issuer publishes its metadata", () => {
  test.each([
    ["https://example.com", "", ""],
    ["https://example.com/", "", ""],
    ["https://example.com/issuer1", "/issuer1", "/issuer1"],
    ["https://example.com/issuer1/", "/issuer1", "/issuer1"],
    ["https://example.com/a/b", "/a/b", "/a/b"],
  ])("%s: after its path for OIDC (Discovery §4.1), before it for OAuth (RFC 8414 §3.1)", (issuer, before, after) => {
    expect(metadataUrls(issuer)).toEqual([
      `https://example.com${before}/.well-known/openid-configuration`,
      `https://example.com/.well-known/oauth-authorization-server${after}`,
    ]);
  });

  test("a port stays", () => {
    expect(metadataUrls("http://127.0.0.1:8080/x")[0]).toBe("http://127.0.0.1:8080/x/.well-known/openid-configuration");
  });
});

describe("a metadata document", () => {
  test("is read with what it says and without what is not used here", () => {
    const used = { ...METADATA, scopes_supported: ["openid"], jwks_uri: "https://as.example/jwks" };
    expect(read({ ...used, registration_endpoint: "https://as.example/register" })).toEqual(used);
  });

  test("is read without the address of its keys when that is none", () => {
    for (const jwks_uri of ["", "jwks", 5]) {
      expect(read({ ...METADATA, jwks_uri })).toEqual({ ...METADATA, jwks_uri: null });
    }
  });

  test("may differ from the issuer by a slash at the end", () => {
    expect(read({ ...METADATA, issuer: `${ISSUER}/` })?.issuer).toBe(`${ISSUER}/`);
    expect(read(METADATA, `${ISSUER}/`)?.issuer).toBe(ISSUER);
  });

  test.each([
    ["another host", "https://evil.example/tenant"],
    ["another path", "https://as.example/other"],
    ["a longer path", "https://as.example/tenant/x"],
    ["no path", "https://as.example"],
    ["another scheme", "http://as.example/tenant"],
    ["another case", "https://as.example/Tenant"],
    ["two slashes at the end", "https://as.example/tenant//"],
    ["no URL", "as.example"],
  ])("is refused when its issuer has %s (RFC 8414 §3.3)", (_what, issuer) => {
    expect(read({ ...METADATA, issuer })).toBeNull();
  });

  test.each([
    ["issuer", undefined],
    ["authorization_endpoint", undefined],
    ["token_endpoint", undefined],
    ["token_endpoint", "/token"],
    ["token_endpoint", "javascript:alert(1)"],
    ["token_endpoint", "file:///etc/hostname"],
    ["revocation_endpoint", "ftp://as.example/revoke"],
    ["token_endpoint_auth_methods_supported", "client_secret_basic"],
  ])("is refused when its %s is %s", (name, value) => {
    expect(read({ ...METADATA, [name]: value })).toBeNull();
  });

  test("is none when it is not JSON, not an object or not UTF-8", () => {
    for (const text of ["", "<html></html>", "null", "[]", '"x"', "{"]) {
      expect(readMetadata(ISSUER, new TextEncoder().encode(text))).toBeNull();
    }
    expect(readMetadata(ISSUER, Uint8Array.of(0xff, 0xfe))).toBeNull();
  });

  test("never makes the reader throw", () => {
    const property = fc.property(fc.jsonValue(), fc.uint8Array(), (value, bytes) => {
      expect([read(value), readMetadata(ISSUER, bytes)]).toEqual([null, null]);
    });
    fc.assert(property);
  });
});
