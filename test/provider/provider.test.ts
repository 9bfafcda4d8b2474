import { describe, expect, test } from "vitest";
import { missingOfflineAccess, providerId, providerSchema } from "../../src/provider/provider.ts";
import { providerEntry } from "./entry.ts";

const LEAST = {
  id: "acme",
  name: "Acme",
  authorization_url: "https://as.example/authorize",
  token_url: "https://as.example/token",
};

function paceOf(pace: object): unknown {
  return providerSchema.parse({ ...LEAST, pace }).pace;
}

describe("a provider entry", () => {
  test("needs an id, a name and two endpoints; the rest assumes nothing", () => {
    expect(providerSchema.parse(LEAST)).toEqual({
      ...LEAST,
      issuer: null,
      refresh_url: null,
      revocation_url: null,
      certificate_token_url: null,
      certificate_revocation_url: null,
      userinfo_url: null,
      iss_parameter: false,
      pkce: "S256",
      authentication: "client_secret_basic",
      dpop_algorithms: [],
      scope_separator: " ",
      identity_scopes: [],
      offline_access: { scopes: [], parameters: {} },
      authorization_parameters: {},
      lifetimes: { access_seconds: null, idle_seconds: null, absolute_seconds: null },
      replay: { class: "none" },
      pace: { per_second: 10, concurrent: 3 },
      identity: { from: "none", account_field: "sub", label_field: "email" },
      reauthorization: { hint_parameter: "login_hint", by_account: [], choose_account: {} },
      parameters: {},
      dialects: [],
      token_parameters: { authorization_code: {}, refresh_token: {} },
      rotation: null,
      refresh_ends_access_token: null,
      most_refresh_tokens: null,
      answer_fields: [],
      api_hosts: [],
      api_token_header: null,
      failure_rules: [],
      secret_rotation: null,
      scope_upgrade: { parameters: {}, ends_earlier_tokens: null },
      security_events: null,
      pitfalls: [],
      docs_url: null,
      scope_aliases: {},
      scope_prefixes: [],
      scope_implies: {},
      unechoed_scopes: [],
      claims_parameter: [],
      unverified_fields: [],
      confidence: "low",
      verified_on: null,
      sources: [],
    });
  });

  test.each([
    ["a field that nobody knows", { revocation: "https://as.example/revoke" }],
    ["a token endpoint that is no web address", { token_url: "file:///etc/hostname" }],
    ["an authorization endpoint that is a script", { authorization_url: "javascript:alert(1)" }],
    ["a relative endpoint", { token_url: "/token" }],
    ["a lifetime of no seconds", { lifetimes: { access_seconds: 0, idle_seconds: null, absolute_seconds: null } }],
    ["a replay window without its length", { replay: { class: "window" } }],
    ["a replay class that nobody knows", { replay: { class: "sometimes" } }],
    ["a pace of no requests a second", { pace: { per_second: 0 } }],
    ["a pace so slow that a turn takes minutes to come", { pace: { per_second: 0.009 } }],
    ["a pace that no server takes", { pace: { per_second: 100_001 } }],
    ["a pace without room for one request", { pace: { concurrent: 0 } }],
    ["a pace with room for half a request", { pace: { concurrent: 2.5 } }],
    ["a pace with room for more requests than a machine has", { pace: { concurrent: 10_001 } }],
    ["a pace of something else", { pace: { per_minute: 60 } }],
    ["an authentication method that nobody knows", { authentication: "client_secret_jwt" }],
    ["a scope that is empty", { offline_access: { scopes: [""] } }],
    ["a parameter that is no text", { authorization_parameters: { prompt: true } }],
  ])("cannot have %s", (_what, change) => {
    expect(providerSchema.safeParse({ ...LEAST, ...change }).success).toBe(false);
  });

  test("may say how many token requests the host takes, or only one of both numbers", () => {
    expect(paceOf({ per_second: 0.5, concurrent: 1 })).toEqual({ per_second: 0.5, concurrent: 1 });
    expect(paceOf({ per_second: 50 })).toEqual({ per_second: 50, concurrent: 3 });
    expect(paceOf({ concurrent: 20 })).toEqual({ per_second: 10, concurrent: 20 });
    for (const pace of [
      { per_second: 0.01, concurrent: 1 },
      { per_second: 1000, concurrent: 1000 },
    ]) {
      expect(paceOf(pace)).toEqual(pace);
    }
  });

  test.each(["google", "a", "1-2", "a".repeat(63)])("may be called %s", (id) => {
    expect(providerId.safeParse(id).success).toBe(true);
  });

  test.each(["", "-a", "Google", "a_b", "a/b", "../a", "a b", "a\n", "a".repeat(64)])("may not be called %j", (id) => {
    expect(providerId.safeParse(id).success).toBe(false);
  });
});

describe("what a request lacks for offline access", () => {
  const acme = providerEntry({
    offline_access: { scopes: ["offline_access"], parameters: { access_type: "offline", prompt: "consent" } },
  });

  test("is nothing when it asks for all of it", () => {
    const parameters = { prompt: "consent", access_type: "offline", hd: "example.com" };
    expect(missingOfflineAccess(acme, { scopes: ["read", "offline_access"], parameters })).toEqual([]);
  });

  test("is each scope and each parameter that is not there", () => {
    expect(missingOfflineAccess(acme, { scopes: ["read"], parameters: {} })).toEqual([
      "scope=offline_access",
      "access_type=offline",
      "prompt=consent",
    ]);
  });

  test("is a parameter that has another value", () => {
    const parameters = { access_type: "online", prompt: "consent" };
    expect(missingOfflineAccess(acme, { scopes: ["offline_access"], parameters })).toEqual(["access_type=offline"]);
  });

  test("is a scope of which the request has only a part or another case", () => {
    const parameters = { access_type: "offline", prompt: "consent" };
    for (const scope of ["offline", "Offline_Access", "offline_access2"]) {
      expect(missingOfflineAccess(acme, { scopes: [scope], parameters })).toEqual(["scope=offline_access"]);
    }
  });

  test("is nothing where the provider gives refresh tokens unasked", () => {
    expect(missingOfflineAccess(providerEntry(), { scopes: [], parameters: {} })).toEqual([]);
  });
});
