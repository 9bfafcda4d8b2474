/** Every failure the service reports outside. `api/problem.ts` maps each to an HTTP status; docs/errors.md explains each. */
export const ERROR_CODES = [
  "invalid_request",
  "unauthorized",
  "forbidden",
  "not_found",
  "conflict",
  "payload_too_large",
  "unsupported_media_type",
  "rate_limited",
  "limit_reached",
  "unknown_provider",
  "discovery_failed",
  "refresh_token_missing",
  "refresh_token_rejected",
  "state_invalid",
  "connect_session_expired",
  "access_denied",
  "authorization_failed",
  "code_exchange_failed",
  "account_mismatch",
  "scope_insufficient",
  "reauthorization_required",
  "connection_disconnected",
  "connection_held",
  "api_rejects_fresh_token",
  "access_token_not_bound",
  "host_not_allowed",
  "api_unreachable",
  "api_timeout",
  "client_suspended",
  "provider_unavailable",
  "refresh_timeout",
  "key_unavailable",
  "store_unavailable",
  "journal_unavailable",
  "shutting_down",
  "internal",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorFacts {
  /** Why, from the closed list of causes (DESIGN §7), where a connection or client is concerned. */
  reason?: string;
  whoActs?: string;
  reauthorizationUrl?: string;
  retryAfterMs?: number;
  connectionId?: string;
  /** An API's claims challenge, in base64. */
  claims?: string;
  /** What in the request was wrong, one entry a field; never the value. */
  problems?: readonly { path: string; message: string }[];
}

/** A failure with a closed code, one helpful sentence that holds no secret, and facts for the caller. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, sentence: string, facts: ErrorFacts = {}) {
    super(sentence);
    this.code = code;
    this.facts = facts;
  }
}

/** What to call an error where only codes are told. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof ServiceError ? error.code : "internal";
}
