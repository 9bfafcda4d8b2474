import type { ErrorCode, ServiceError } from "../runtime/service-error.ts";
import { SECOND } from "../runtime/clock.ts";

/** What a token endpoint answers instead of a token (RFC 6749 §5.2, with the codes of RFC 8693 §2.2.2). */
export interface OAuthError {
  status: number;
  headers: Record<string, string>;
  body: { error: string; error_description: string; error_uri?: string };
}

/** A request that this endpoint cannot answer: the caller's fault, in the caller's protocol. */
export class OAuthRefusal extends Error {
  override readonly name = "OAuthRefusal";
  readonly code: string;
  readonly status: number;

  constructor(
    code:
      | "invalid_request"
      | "invalid_client"
      | "invalid_grant"
      | "invalid_scope"
      | "invalid_target"
      | "unsupported_grant_type",
    sentence: string,
  ) {
    super(sentence);
    this.code = code;
    this.status = code === "invalid_client" ? 401 : 400;
  }
}

export function oauthErrorOf(error: OAuthRefusal | ServiceError): OAuthError {
  if (error instanceof OAuthRefusal) return answer(error.status, error.code, error.message);
  const { code, facts, message } = error;
  const [status, name] = ERRORS[code];
  const { retryAfterMs, reauthorizationUrl } = facts;
  const failed = answer(status, name, message);
  if (reauthorizationUrl !== undefined) failed.body.error_uri = reauthorizationUrl;
  if (status === 503 || status === 429) {
    failed.headers["retry-after"] = String(Math.ceil((retryAfterMs ?? SECOND) / SECOND));
  }
  return failed;
}

/**
 * `invalid_grant`: a person must act. What passes, by itself or by the operator, is `temporarily_unavailable`: whoever asks keeps
 * what it has and asks again.
 */
const ERRORS: Readonly<Record<ErrorCode, readonly [status: number, error: string]>> = {
  invalid_request: [400, "invalid_request"],
  unauthorized: [400, "invalid_request"],
  forbidden: [400, "unauthorized_client"],
  not_found: [400, "invalid_target"],
  conflict: [400, "invalid_request"],
  payload_too_large: [413, "invalid_request"],
  unsupported_media_type: [415, "invalid_request"],
  rate_limited: [429, "temporarily_unavailable"],
  limit_reached: [400, "invalid_request"],
  unknown_provider: [400, "invalid_request"],
  discovery_failed: [400, "invalid_request"],
  refresh_token_missing: [400, "invalid_grant"],
  refresh_token_rejected: [400, "invalid_grant"],
  state_invalid: [400, "invalid_request"],
  connect_session_expired: [400, "invalid_grant"],
  access_denied: [400, "access_denied"],
  authorization_failed: [400, "invalid_grant"],
  code_exchange_failed: [400, "invalid_grant"],
  account_mismatch: [400, "invalid_grant"],
  scope_insufficient: [400, "invalid_scope"],
  reauthorization_required: [400, "invalid_grant"],
  connection_disconnected: [400, "invalid_grant"],
  connection_held: [503, "temporarily_unavailable"],
  api_rejects_fresh_token: [400, "invalid_grant"],
  access_token_not_bound: [400, "invalid_request"],
  host_not_allowed: [400, "invalid_target"],
  api_unreachable: [503, "temporarily_unavailable"],
  api_timeout: [503, "temporarily_unavailable"],
  client_suspended: [503, "temporarily_unavailable"],
  provider_unavailable: [503, "temporarily_unavailable"],
  refresh_timeout: [503, "temporarily_unavailable"],
  key_unavailable: [503, "temporarily_unavailable"],
  store_unavailable: [503, "temporarily_unavailable"],
  journal_unavailable: [503, "temporarily_unavailable"],
  shutting_down: [503, "temporarily_unavailable"],
  internal: [500, "server_error"],
};

function answer(status: number, error: string, sentence: string): OAuthError {
  const headers: Record<string, string> = { "cache-control": "no-store" };
  // RFC 7617 §2.
  if (status === 401) headers["www-authenticate"] = 'Basic realm="Evergrant"';
  return { status, headers, body: { error, error_description: asDescription(sentence) } };
}

/** RFC 6749 §5.2 lets a description have neither quotation marks nor backslashes, and nothing beyond ASCII. */
function asDescription(sentence: string): string {
  return sentence.replaceAll('"', "'").replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "?");
}
