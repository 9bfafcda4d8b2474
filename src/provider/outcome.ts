import type { TransportFailure, TransportResult } from "../oauth/http.ts";
import { readTokenResponse, type OAuthError, type ReceivedTokens } from "../oauth/token-response.ts";
import type { Secret } from "../runtime/secret.ts";

/** What a refresh came to (DESIGN §7). Only `rejected` says anything about the refresh token. */
export type Outcome =
  | { kind: "rotated" | "renewed"; tokens: ReceivedTokens }
  | { kind: "rejected"; code: string; description: string | null }
  | { kind: "client_fault"; code: string; description: string | null }
  | { kind: "retry_later"; cause: PassingCause; code: string; retryAfterMs: number | null }
  /** The server may have rotated the token, and its answer did not reach us. */
  | { kind: "lost"; code: string };

export type PassingCause =
  | "provider_unavailable"
  | "provider_rate_limited"
  | "provider_response_unrecognised"
  | "network_policy";

/** Classifies the answer to a refresh that sent `sentToken`. */
export function classifyRefresh(result: TransportResult, sentToken: Secret<string>): Outcome {
  if (result.kind === "failure") return classifyFailure(result);
  const { response } = result;
  const retryAfterMs = response.retryAfterMs;
  const answer = readTokenResponse(response);
  switch (answer.kind) {
    case "tokens":
      if (!isSuccess(response.status)) return unusable(response.status, "tokens_with_error_status", retryAfterMs);
      return { kind: isRotation(answer.tokens, sentToken) ? "rotated" : "renewed", tokens: answer.tokens };
    case "error":
      return classifyError(withoutToken(answer.error, sentToken), retryAfterMs);
    case "unreadable":
      return unusable(response.status, answer.problem, retryAfterMs);
  }
}

/** A server may quote the refresh token that it does not like. */
function withoutToken(error: OAuthError, sentToken: Secret<string>): OAuthError {
  return { ...error, description: error.description?.replaceAll(sentToken.reveal(), "[secret]") ?? null };
}

function isRotation(tokens: ReceivedTokens, sentToken: Secret<string>): boolean {
  return tokens.refreshToken !== null && tokens.refreshToken.reveal() !== sentToken.reveal();
}

function classifyFailure(failure: TransportFailure): Outcome {
  if (failure.sent) return { kind: "lost", code: failure.reason };
  const cause =
    failure.reason === "blocked_address" || failure.reason === "bad_url" ? "network_policy" : "provider_unavailable";
  return { kind: "retry_later", cause, code: failure.reason, retryAfterMs: null };
}

/** RFC 6749 §5.2 codes and the common ones beside them. What is not listed never condemns a connection. */
function classifyError(error: OAuthError, retryAfterMs: number | null): Outcome {
  const { status, code, description } = error;
  if (status === 429) return { kind: "retry_later", cause: "provider_rate_limited", code, retryAfterMs };
  if (status >= 500) return unusable(status, code, retryAfterMs);
  switch (code) {
    case "invalid_grant":
      return { kind: "rejected", code, description };
    case "invalid_client":
    case "unauthorized_client":
    case "deleted_client":
    case "disabled_client":
    case "access_denied":
      return { kind: "client_fault", code, description };
    case "slow_down":
      return { kind: "retry_later", cause: "provider_rate_limited", code, retryAfterMs };
    case "temporarily_unavailable":
    case "server_error":
      return { kind: "retry_later", cause: "provider_unavailable", code, retryAfterMs };
    default:
      return { kind: "retry_later", cause: "provider_response_unrecognised", code, retryAfterMs };
  }
}

/** An answer without tokens or an OAuth error. A gateway's 502 or 504, and an unreadable success, may hide a rotation. */
function unusable(status: number, problem: string, retryAfterMs: number | null): Outcome {
  const code = `http_${status}_${problem}`.slice(0, 100);
  if (isSuccess(status) || status === 502 || status === 504) return { kind: "lost", code };
  if (status === 429) return { kind: "retry_later", cause: "provider_rate_limited", code, retryAfterMs };
  const cause = status >= 500 ? "provider_unavailable" : "provider_response_unrecognised";
  return { kind: "retry_later", cause, code, retryAfterMs };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
