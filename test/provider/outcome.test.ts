import { describe, expect, test } from "vitest";
import type { HttpResponse, TransportFailure, TransportResult } from "../../src/oauth/http.ts";
import { failureRule } from "../../src/provider/failure-rule.ts";
import { classifyRefresh, type Outcome } from "../../src/provider/outcome.ts";
import { secret } from "../../src/runtime/secret.ts";
import { httpAnswer } from "../oauth/http-answer.ts";
import { providerEntry } from "./entry.ts";

function response(status: number, body: string | object, rest: Partial<HttpResponse> = {}): TransportResult {
  return { kind: "response", response: httpAnswer(status, body, rest) };
}

function classify(result: TransportResult): Outcome {
  return classifyRefresh(result, { refreshToken: secret("rt-1"), at: Date.UTC(2026, 0, 1) }, providerEntry());
}

/** By an entry with a rule that asks again later, and with these fields in it. */
function classifyBy(fields: object, retryAfterMs: number | null = null): Outcome {
  const base = { match: { text: ["why"] }, meaning: "m", outcome: "retry_later", cause: "revoked_by_admin" };
  const entry = providerEntry({ failure_rules: [failureRule.parse({ ...base, ...fields })] });
  const sent = { refreshToken: secret("rt-1"), at: Date.UTC(2026, 0, 1) };
  return classifyRefresh(response(400, error("invalid_grant"), { retryAfterMs }), sent, entry);
}

function failure(sent: boolean, reason: TransportFailure["reason"]): TransportFailure {
  return { kind: "failure", sent, reason };
}

function error(code: string) {
  return { error: code, error_description: "why" };
}

const TOKENS = { access_token: "at-2", token_type: "Bearer", expires_in: 3600 };
const PAGE = "<html><title>Bad Gateway</title></html>";

describe("tokens", () => {
  test("are rotated when a new refresh token came", () => {
    const outcome = classify(response(200, { ...TOKENS, refresh_token: "rt-2" }));
    expect(outcome).toMatchObject({ kind: "rotated", tokens: { expiresIn: 3600 } });
  });

  test.each([
    ["the refresh token that was sent came back (grace-period-response-carries-old-refresh-token)", "rt-1"],
    ["none came", undefined],
    ["null came", null],
    ["an empty one came", ""],
  ])("are renewed when %s", (_what, token) => {
    expect(classify(response(200, { ...TOKENS, refresh_token: token })).kind).toBe("renewed");
  });

  test.each([200, 201, 299])("count under HTTP %i", (status) => {
    expect(classify(response(status, TOKENS)).kind).toBe("renewed");
  });
});

describe("an answer with an OAuth error (RFC 6749 §5.2)", () => {
  test.each([400, 401, 403, 404, 200])("invalid_grant under HTTP %i rejects the refresh token", (status) => {
    expect(classify(response(status, error("invalid_grant")))).toEqual({
      kind: "rejected",
      code: "invalid_grant",
      subcode: null,
      description: "why",
      cause: "unknown",
      confidence: "possible",
      whoActs: null,
      confirmAfterMs: null,
      meaning: null,
    });
  });

  test("invalid_grant with the long sentence that names five causes is no fault of the client", () => {
    const sentence =
      "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is " +
      "invalid, expired, revoked, does not match the redirection URI, or was issued to another client.";
    const outcome = classify(response(400, { error: "invalid_grant", error_description: sentence }));
    expect(outcome.kind).toBe("rejected");
  });

  test.each(["interaction_required", "login_required", "consent_required"])("%s asks the user to sign in", (code) => {
    const outcome = { kind: "rejected", code, cause: "interaction_required", confidence: "likely" };
    expect(classify(response(400, error(code)))).toMatchObject(outcome);
  });

  test.each([
    ["invalid_client", "client_secret_rejected"],
    ["unauthorized_client", "client_secret_rejected"],
    ["access_denied", "client_secret_rejected"],
    ["deleted_client", "client_disabled"],
    ["disabled_client", "client_disabled"],
  ])("%s is a fault of the client: %s", (code, cause) => {
    const said = { code, subcode: null, description: "why" };
    expect(classify(response(401, error(code)))).toEqual({ kind: "client_fault", ...said, cause });
  });

  test.each([
    ["slow_down", "provider_rate_limited"],
    ["temporarily_unavailable", "provider_unavailable"],
    ["server_error", "provider_unavailable"],
    ["invalid_request", "provider_response_unrecognised"],
    ["invalid_scope", "provider_response_unrecognised"],
    ["unsupported_grant_type", "provider_response_unrecognised"],
    ["bad_refresh_token", "provider_response_unrecognised"],
    ["invalid_grant_type", "provider_response_unrecognised"],
    ["INVALID_GRANT", "provider_response_unrecognised"],
    ["Access Denied", "provider_response_unrecognised"],
  ])("%s is tried again later: %s", (code, cause) => {
    const lasts = cause === "provider_response_unrecognised";
    expect(classify(response(400, error(code), { retryAfterMs: 7000 }))).toEqual({
      kind: "retry_later",
      cause,
      code,
      retryAfterMs: 7000,
      ...(lasts && { isLasting: true }),
    });
  });

  test("a code that nobody knows may stand in another field", () => {
    const said = { kind: "retry_later", code: "BAD_REFRESH_TOKEN", cause: "provider_response_unrecognised" };
    expect(classify(response(400, { status: "BAD_REFRESH_TOKEN" }))).toMatchObject(said);
  });

  test.each(["invalid_grant", "invalid_client", "whatever"])("HTTP 429 is a rate limit, also with %s", (code) => {
    expect(classify(response(429, error(code), { retryAfterMs: 1000 }))).toEqual({
      kind: "retry_later",
      cause: "provider_rate_limited",
      code,
      retryAfterMs: 1000,
    });
  });

  test.each([500, 503])("HTTP %i is the provider's trouble, also with invalid_grant or invalid_client", (status) => {
    for (const code of ["invalid_grant", "invalid_client"]) {
      expect(classify(response(status, error(code)))).toEqual({
        kind: "retry_later",
        cause: "provider_unavailable",
        code: `http_${status}_${code}`,
        retryAfterMs: null,
      });
    }
  });
});

describe("what the entry says is to be asked again later", () => {
  const LATER = { kind: "retry_later", cause: "revoked_by_admin", code: "invalid_grant" };

  test.each(["user", "customer_admin", "operator"])("names who acts: %s", (whoActs) => {
    expect(classifyBy({ who_acts: whoActs })).toStrictEqual({ ...LATER, retryAfterMs: null, whoActs });
  });

  test("names nobody where the rule does not", () => {
    expect(classifyBy({})).toStrictEqual({ ...LATER, retryAfterMs: null });
    expect(classifyBy({ who_acts: null }, 7000)).toStrictEqual({ ...LATER, retryAfterMs: 7000 });
  });

  test.each([
    [null, 3_600_000],
    [1000, 3_600_000],
    [7_200_000, 7_200_000],
  ])("waits for the longer of the two: with Retry-After %j and an hour, %i", (retryAfterMs, wait) => {
    expect(classifyBy({ again_after_seconds: 3600 }, retryAfterMs)).toMatchObject({ retryAfterMs: wait });
  });
});

describe("an answer without tokens or an error", () => {
  test.each([
    [200, "", "http_200_empty"],
    [200, PAGE, "http_200_html"],
    [200, "ok", "http_200_not_json"],
    [200, { token_type: "Bearer" }, "http_200_no_access_token"],
    [204, "", "http_204_empty"],
    [502, PAGE, "http_502_html"],
    [504, "", "http_504_empty"],
    [502, error("invalid_grant"), "http_502_invalid_grant"],
    [504, TOKENS, "http_504_tokens_with_error_status"],
  ])("may hide a rotation: HTTP %i %j is lost", (status, body, code) => {
    expect(classify(response(status, body, { retryAfterMs: 1000 }))).toEqual({ kind: "lost", code });
  });

  test.each([
    [429, "", "provider_rate_limited", "http_429_empty"],
    [429, TOKENS, "provider_rate_limited", "http_429_tokens_with_error_status"],
    [500, PAGE, "provider_unavailable", "http_500_html"],
    [501, "", "provider_unavailable", "http_501_empty"],
    [503, PAGE, "provider_unavailable", "http_503_html"],
    [301, "", "provider_response_unrecognised", "http_301_empty"],
    [307, "", "provider_response_unrecognised", "http_307_empty"],
    [400, PAGE, "provider_response_unrecognised", "http_400_html"],
    [400, TOKENS, "provider_response_unrecognised", "http_400_tokens_with_error_status"],
    [401, "Unauthorized", "provider_response_unrecognised", "http_401_not_json"],
    [403, PAGE, "provider_response_unrecognised", "http_403_html"],
    [404, PAGE, "provider_response_unrecognised", "http_404_html"],
  ])("is tried again later: HTTP %i %j is %s", (status, body, cause, code) => {
    expect(classify(response(status, body, { retryAfterMs: 2000 }))).toEqual({
      kind: "retry_later",
      cause,
      code,
      retryAfterMs: 2000,
    });
  });
});

describe("no answer", () => {
  const REASONS = [
    "blocked_address",
    "bad_url",
    "dns",
    "refused",
    "proxy",
    "tls",
    "timeout",
    "reset",
    "too_large",
  ] as const;

  test.each(REASONS)("is lost when the request was sent, with %s", (reason) => {
    expect(classify(failure(true, reason))).toEqual({ kind: "lost", code: reason });
  });

  test.each([
    ["blocked_address", "network_policy"],
    ["bad_url", "network_policy"],
    ["dns", "provider_unavailable"],
    ["refused", "provider_unavailable"],
    ["tls", "provider_unavailable"],
    ["timeout", "provider_unavailable"],
  ] as const)("is tried again later when the request was not sent: %s is %s", (reason, cause) => {
    expect(classify(failure(false, reason))).toEqual({ kind: "retry_later", cause, code: reason, retryAfterMs: null });
  });
});
