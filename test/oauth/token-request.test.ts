import { describe, expect, test } from "vitest";
import type { ClientAuthentication } from "../../src/oauth/client-authentication.ts";
import { authorizationCodeRequest, refreshRequest, revocationRequest } from "../../src/oauth/token-request.ts";
import { secret } from "../../src/runtime/secret.ts";

const TOKEN_URL = "https://as.example/token";
const clientSecret = secret("s-1");
const BASIC: ClientAuthentication = { method: "client_secret_basic", clientId: "c-1", clientSecret };
const POST: ClientAuthentication = { method: "client_secret_post", clientId: "c-1", clientSecret };
const NONE: ClientAuthentication = { method: "none", clientId: "c-1" };
const CODE = { code: secret("c/1+x y"), redirectUri: "https://rp.example/cb?a=b", codeVerifier: secret("v-1") };
const BASIC_HEADER = `Basic ${Buffer.from("c-1:s-1").toString("base64")}`;

function refreshGrant(refreshToken: string) {
  return { refreshToken: secret(refreshToken), redirectUri: "https://rp.example/cb", scope: "read write" };
}

function formOf({ body = "" }: { body?: string }) {
  return Object.fromEntries(new URLSearchParams(body));
}

/** Base64 of the pair, each half form-encoded; `-` may be encoded or not. */
function basicPair(authorization = ""): string {
  return decodeURIComponent(Buffer.from(authorization.slice("Basic ".length), "base64").toString());
}

describe("the refresh request (RFC 6749 §6)", () => {
  test("is a form with the refresh token and no scope, which means the scope that was granted", async () => {
    const request = await refreshRequest(TOKEN_URL, BASIC, refreshGrant("rt/1+x="));
    expect(request).toMatchObject({ method: "POST", url: TOKEN_URL });
    expect(request.headers["content-type"]).toMatch(/^application\/x-www-form-urlencoded/);
    expect(request.headers["accept"]).toBe("application/json");
    expect(formOf(request)).toEqual({ grant_type: "refresh_token", refresh_token: "rt/1+x=" });
  });

  test("proves the client in the header with client_secret_basic", async () => {
    const { headers } = await refreshRequest(TOKEN_URL, BASIC, refreshGrant("rt-1"));
    expect(basicPair(headers["authorization"])).toBe(basicPair(BASIC_HEADER));
  });

  test("proves the client in the form with client_secret_post", async () => {
    const request = await refreshRequest(TOKEN_URL, POST, refreshGrant("rt-1"));
    expect(request.headers).not.toHaveProperty("authorization");
    expect(formOf(request)).toEqual({
      grant_type: "refresh_token",
      refresh_token: "rt-1",
      client_id: "c-1",
      client_secret: "s-1",
    });
  });

  test("only names a public client", async () => {
    const request = await refreshRequest(TOKEN_URL, NONE, refreshGrant("rt-1"));
    expect(request.headers).not.toHaveProperty("authorization");
    expect(formOf(request)).toEqual({ grant_type: "refresh_token", refresh_token: "rt-1", client_id: "c-1" });
  });
});

describe("the code request", () => {
  test("sends the code, the redirect URI and the verifier (RFC 6749 §4.1.3, RFC 7636 §4.5)", async () => {
    const request = await authorizationCodeRequest(TOKEN_URL, BASIC, CODE);
    expect(formOf(request)).toEqual({
      grant_type: "authorization_code",
      code: "c/1+x y",
      redirect_uri: "https://rp.example/cb?a=b",
      code_verifier: "v-1",
    });
  });

  test("sends no verifier where PKCE was not used", async () => {
    const request = await authorizationCodeRequest(TOKEN_URL, BASIC, { ...CODE, codeVerifier: null });
    expect(formOf(request)).not.toHaveProperty("code_verifier");
  });
});

test("the revocation request sends the token and what it is (RFC 7009 §2.1)", async () => {
  const request = await revocationRequest("https://as.example/revoke", BASIC, secret("rt-1"), "refresh_token");
  expect(request).toMatchObject({ method: "POST", url: "https://as.example/revoke" });
  expect(basicPair(request.headers["authorization"])).toBe("c-1:s-1");
  expect(formOf(request)).toEqual({ token: "rt-1", token_type_hint: "refresh_token" });
});
