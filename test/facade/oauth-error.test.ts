import { describe, expect, test } from "vitest";
import { problemOf } from "../../src/api/problem.ts";
import { identityErrorOf } from "../../src/facade/identity-error.ts";
import { OAuthRefusal, oauthErrorOf } from "../../src/facade/oauth-error.ts";
import { ERROR_CODES, ServiceError, type ErrorCode } from "../../src/runtime/service-error.ts";

/** What the one who asks is told to do: RFC 6749 §5.2, RFC 8693 §2.2.2. */
const EXPECTED: Readonly<Record<ErrorCode, string>> = {
  invalid_request: "400 invalid_request",
  unauthorized: "400 invalid_request",
  forbidden: "400 unauthorized_client",
  not_found: "400 invalid_target",
  conflict: "400 invalid_request",
  payload_too_large: "413 invalid_request",
  unsupported_media_type: "415 invalid_request",
  rate_limited: "429 temporarily_unavailable",
  limit_reached: "400 invalid_request",
  unknown_provider: "400 invalid_request",
  discovery_failed: "400 invalid_request",
  refresh_token_missing: "400 invalid_grant",
  refresh_token_rejected: "400 invalid_grant",
  state_invalid: "400 invalid_request",
  connect_session_expired: "400 invalid_grant",
  access_denied: "400 access_denied",
  authorization_failed: "400 invalid_grant",
  code_exchange_failed: "400 invalid_grant",
  account_mismatch: "400 invalid_grant",
  scope_insufficient: "400 invalid_scope",
  reauthorization_required: "400 invalid_grant",
  connection_disconnected: "400 invalid_grant",
  connection_held: "503 temporarily_unavailable",
  api_rejects_fresh_token: "400 invalid_grant",
  access_token_not_bound: "400 invalid_request",
  host_not_allowed: "400 invalid_target",
  api_unreachable: "503 temporarily_unavailable",
  api_timeout: "503 temporarily_unavailable",
  client_suspended: "503 temporarily_unavailable",
  provider_unavailable: "503 temporarily_unavailable",
  refresh_timeout: "503 temporarily_unavailable",
  key_unavailable: "503 temporarily_unavailable",
  store_unavailable: "503 temporarily_unavailable",
  journal_unavailable: "503 temporarily_unavailable",
  shutting_down: "503 temporarily_unavailable",
  internal: "500 server_error",
};

const LINK = "https://evergrant.example/reauthorize/x";

describe.each(ERROR_CODES)("%s", (code) => {
  const error = new ServiceError(code, 'It is "so".', { retryAfterMs: 1500, reauthorizationUrl: LINK });

  test("is told in the words of OAuth, and passes where the API says so", () => {
    const { status, headers, body } = oauthErrorOf(error);
    expect(`${status} ${body.error}`).toBe(EXPECTED[code]);
    expect(body).toEqual({ error: body.error, error_description: "It is 'so'.", error_uri: LINK });
    const passes = status === 503 || status === 429;
    expect(headers).toEqual({ "cache-control": "no-store", ...(passes && { "retry-after": "2" }) });
    // What the API answers with 503 or 429 passes here too. A connection that is held waits for the operator.
    const alsoPasses = ["connection_held", "api_unreachable", "api_timeout"].includes(code);
    expect(passes).toBe([503, 429].includes(problemOf(error).status) || alsoPasses);
  });

  test("is told as App Service tells it, with a status that is asked again only where it passes", () => {
    const { status, body } = identityErrorOf(error);
    const retried = [404, 408, 410, 429, 500, 502, 503, 504].includes(status);
    expect(retried).toBe(oauthErrorOf(error).status >= 429);
    expect(body).toMatchObject({ statusCode: status, message: expect.stringContaining(LINK) });
  });
});

test("a passing failure without a time says a second", () => {
  expect(oauthErrorOf(new ServiceError("refresh_timeout", "Wait.")).headers["retry-after"]).toBe("1");
});

test("a description has only what RFC 6749 §5.2 allows", () => {
  const { body } = oauthErrorOf(new OAuthRefusal("invalid_target", 'a "b" \\ é … \n'));
  expect(body).toEqual({ error: "invalid_target", error_description: "a 'b' ? ? ? ?" });
});

test("a client that is not known is told so by its status (RFC 6749 §5.2)", () => {
  const { status, headers } = oauthErrorOf(new OAuthRefusal("invalid_client", "Who is it?"));
  expect([status, headers["www-authenticate"]]).toEqual([401, 'Basic realm="Evergrant"']);
});
