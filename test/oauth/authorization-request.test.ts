import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  authorizationRequestUrl,
  codeChallenge,
  type AuthorizationRequest,
} from "../../src/oauth/authorization-request.ts";
import { secret } from "../../src/runtime/secret.ts";

/** RFC 7636, appendix B. */
const VERIFIER = secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const REQUEST: AuthorizationRequest = {
  authorizationUrl: "https://as.example/authorize",
  clientId: "client 1",
  redirectUri: "https://evergrant.example/oauth/callback/cli_1",
  scope: "read write",
  state: "state-1",
  nonce: "nonce-1",
  codeVerifier: VERIFIER,
  loginHint: "jane@example.com",
  parameters: {},
};

function parametersOf(change: Partial<AuthorizationRequest> = {}): URLSearchParams {
  return new URL(authorizationRequestUrl({ ...REQUEST, ...change })).searchParams;
}

/** What the protocol needs: nobody's extra parameters may change it. */
const PROTOCOL = {
  response_type: "code",
  client_id: "client 1",
  redirect_uri: "https://evergrant.example/oauth/callback/cli_1",
  scope: "read write",
  state: "state-1",
  nonce: "nonce-1",
  login_hint: "jane@example.com",
  code_challenge: CHALLENGE,
  code_challenge_method: "S256",
};

test("the code challenge is the vector of RFC 7636 appendix B", () => {
  expect(codeChallenge(VERIFIER)).toBe(CHALLENGE);
});

describe("the authorization request (RFC 6749 §4.1.1)", () => {
  test("holds the protocol's parameters and nothing else", () => {
    expect(Object.fromEntries(parametersOf())).toEqual(PROTOCOL);
  });

  test("does not hold the code verifier", () => {
    expect(authorizationRequestUrl(REQUEST)).not.toContain(VERIFIER.reveal());
  });

  test("leaves out what there is not: PKCE, nonce, hint and an empty scope", () => {
    const parameters = parametersOf({ codeVerifier: null, nonce: null, loginHint: null, scope: "" });
    expect([...parameters.keys()].toSorted()).toEqual(["client_id", "redirect_uri", "response_type", "state"]);
  });

  test("keeps the query that the authorization endpoint has (RFC 6749 §3.1)", () => {
    const parameters = parametersOf({ authorizationUrl: "https://as.example/authorize?tenant=t1" });
    expect(Object.fromEntries(parameters)).toEqual({ tenant: "t1", ...PROTOCOL });
  });

  test("adds the parameters of the provider and the client", () => {
    const parameters = parametersOf({ parameters: { access_type: "offline", prompt: "consent" } });
    expect(Object.fromEntries(parameters)).toEqual({ access_type: "offline", prompt: "consent", ...PROTOCOL });
  });

  test.each(Object.entries(PROTOCOL))("does not let them replace %s", (name, value) => {
    expect(parametersOf({ parameters: { [name]: "other" } }).getAll(name)).toEqual([value]);
  });

  test("does not let them bring in what the request leaves out", () => {
    const none = { codeVerifier: null, nonce: null, loginHint: null, scope: "" };
    const parameters = parametersOf({ ...none, parameters: { ...PROTOCOL, state: "other" } });
    expect([...parameters.keys()].toSorted()).toEqual(["client_id", "redirect_uri", "response_type", "state"]);
    expect(parameters.get("state")).toBe("state-1");
  });

  test("holds each protocol parameter once, whatever else is added", () => {
    const name = fc.oneof(fc.constantFrom(...Object.keys(PROTOCOL)), fc.string({ unit: "grapheme" }));
    const more = fc.dictionary(name, fc.string({ unit: "grapheme" }));
    const property = fc.property(more, (parameters) => {
      const url = parametersOf({ parameters });
      expect(Object.keys(PROTOCOL).map((key) => url.getAll(key))).toEqual(Object.values(PROTOCOL).map((v) => [v]));
    });
    fc.assert(property);
  });
});
