import type { OAuthError } from "../oauth/error-answer.ts";
import type { TransportFailure, TransportResult } from "../oauth/http.ts";
import type { ReceivedTokens } from "../oauth/token-response.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import type { Secret } from "../runtime/secret.ts";
import { ruleFor, type CLIENT_CAUSES, type FailureRule, type REJECTION_CAUSES } from "./failure-rule.ts";
import type { Provider } from "./provider.ts";
import { readAnswer } from "./token-endpoint.ts";

/** What a refresh came to (DESIGN §7). Only `rejected` says anything about the refresh token. */
export type Outcome =
  | { kind: "rotated" | "renewed"; tokens: ReceivedTokens }
  | Rejected
  | ClientFault
  | RetryLater
  /** The server may have rotated the token, and its answer did not reach us. */
  | { kind: "lost"; code: string };

/** The server refuses the refresh token. */
export interface Rejected extends Said {
  kind: "rejected";
  cause: (typeof REJECTION_CAUSES)[number];
  confidence: "certain" | "likely" | "possible";
  /** Null: whom the cause names. */
  whoActs: "user" | "customer_admin" | "operator" | null;
  /** Servers say this of healthy tokens too: believed when they say it again so much later. */
  confirmAfterMs: number | null;
  /** What the provider means by it, by its catalogue entry; null where that has no rule for it. */
  meaning: string | null;
}

/** The server refuses the client, whatever the token. */
export interface ClientFault extends Said {
  kind: "client_fault";
  cause: (typeof CLIENT_CAUSES)[number];
}

/** Nothing is decided, and the refresh token is as good as before. */
export interface RetryLater {
  kind: "retry_later";
  cause: PassingCause;
  code: string;
  retryAfterMs: number | null;
  /** The server itself has said it, in words that are not known here: it is likely to say so again. */
  isLasting?: true;
  /** Who can help; absent where it passes by itself, or where the cause says it. */
  whoActs?: "user" | "customer_admin" | "operator";
}

/** The server's own words. */
interface Said {
  code: string;
  subcode: string | null;
  description: string | null;
}

export type PassingCause =
  | "provider_unavailable"
  | "provider_rate_limited"
  | "provider_response_unrecognised"
  | "network_policy"
  /** By the provider's own rules: a person has to lift what stands in the way. */
  | "revoked_by_admin"
  | "client_secret_rejected";

/** A refresh that was sent. */
export interface Sent {
  refreshToken: Secret<string>;
  /** Epoch milliseconds. */
  at: number;
}

/** What decides about an answer: how the server speaks, and what it means by it. */
export type Speaker = Pick<Provider, "dialects" | "failure_rules" | "answer_fields">;

/** Classifies the answer to a refresh: its shape first, then the provider's own rules, then what is true of every server. */
export function classifyRefresh(result: TransportResult, sent: Sent, provider: Speaker): Outcome {
  if (result.kind === "failure") return classifyFailure(result);
  const { response } = result;
  const { retryAfterMs } = response;
  const answer = readAnswer(provider, response, sent.at);
  switch (answer.kind) {
    case "tokens":
      if (!isSuccess(response.status)) return unusable(response.status, "tokens_with_error_status", retryAfterMs);
      return { kind: isRotation(answer.tokens, sent.refreshToken) ? "rotated" : "renewed", tokens: answer.tokens };
    case "error": {
      const error = withoutToken(answer.error, sent.refreshToken);
      const rule = ruleFor(provider.failure_rules, error);
      return rule ? byRule(rule, error, retryAfterMs) : classifyError(error, retryAfterMs);
    }
    case "unreadable":
      return unusable(response.status, answer.problem, retryAfterMs);
  }
}

/** A server may quote the refresh token that it does not like. */
function withoutToken(error: OAuthError, sentToken: Secret<string>): OAuthError {
  const clean = (text: string) => text.replaceAll(sentToken.reveal(), "[secret]");
  const description = error.description === null ? null : clean(error.description);
  return { ...error, code: clean(error.code), subcodes: error.subcodes.map(clean), description };
}

function isRotation(tokens: ReceivedTokens, sentToken: Secret<string>): boolean {
  return tokens.refreshToken !== null && !sameSecret(tokens.refreshToken.reveal(), sentToken.reveal());
}

function classifyFailure(failure: TransportFailure): Outcome {
  if (failure.sent) return { kind: "lost", code: failure.reason };
  const cause =
    failure.reason === "blocked_address" || failure.reason === "bad_url" ? "network_policy" : "provider_unavailable";
  return { kind: "retry_later", cause, code: failure.reason, retryAfterMs: null };
}

function byRule(rule: FailureRule, error: OAuthError, retryAfterMs: number | null): Outcome {
  switch (rule.outcome) {
    case "rejected": {
      const { cause, confidence, who_acts: whoActs, confirm_after_seconds: confirm } = rule;
      const confirmAfterMs = confirm === null ? null : confirm * 1000;
      return { kind: "rejected", ...said(error), cause, confidence, whoActs, confirmAfterMs, meaning: rule.meaning };
    }
    case "client_fault":
      return { kind: "client_fault", ...said(error), cause: rule.cause };
    case "retry_later": {
      const { cause, who_acts: whoActs, again_after_seconds: again } = rule;
      const wait = again === null ? retryAfterMs : Math.max(again * 1000, retryAfterMs ?? 0);
      return { kind: "retry_later", cause, code: error.code, retryAfterMs: wait, ...(whoActs && { whoActs }) };
    }
  }
}

/** RFC 6749 §5.2 codes and the common ones beside them. What is not listed never condemns a connection. */
function classifyError(error: OAuthError, retryAfterMs: number | null): Outcome {
  const { status, code } = error;
  if (status === 429) return { kind: "retry_later", cause: "provider_rate_limited", code, retryAfterMs };
  if (status >= 500) return unusable(status, code, retryAfterMs);
  switch (code) {
    case "invalid_grant": {
      const told = isReuse(error.description ?? "") ? REUSED : ({ cause: "unknown", confidence: "possible" } as const);
      return { kind: "rejected", ...said(error), ...told, ...BELIEVED };
    }
    case "refresh_token_reused":
      return { kind: "rejected", ...said(error), ...REUSED, ...BELIEVED };
    // OIDC Core §3.1.2.6, which some servers use for refreshes too.
    case "interaction_required":
    case "login_required":
    case "consent_required":
      return { kind: "rejected", ...said(error), cause: "interaction_required", confidence: "likely", ...BELIEVED };
    case "invalid_client":
    case "unauthorized_client":
    case "access_denied":
      return { kind: "client_fault", ...said(error), cause: "client_secret_rejected" };
    case "deleted_client":
    case "disabled_client":
      return { kind: "client_fault", ...said(error), cause: "client_disabled" };
    case "slow_down":
      return { kind: "retry_later", cause: "provider_rate_limited", code, retryAfterMs };
    case "temporarily_unavailable":
    case "server_error":
      return { kind: "retry_later", cause: "provider_unavailable", code, retryAfterMs };
    default:
      return { kind: "retry_later", cause: "provider_response_unrecognised", code, retryAfterMs, isLasting: true };
  }
}

/** Does an error mean the client's secret, so that the server has not looked at what came with it (RFC 6749 §5.2)? */
export function isSecretRefused(error: OAuthError, { failure_rules: rules }: Pick<Provider, "failure_rules">): boolean {
  const rule = ruleFor(rules, error);
  if (rule) return rule.outcome === "client_fault" && rule.cause === "client_secret_rejected";
  return error.status < 500 && (error.code === "invalid_client" || error.code === "unauthorized_client");
}

const REUSED = { cause: "refresh_token_reused", confidence: "likely" } as const;

/** Servers that punish reuse often say so in their own words (RFC 9700 §4.14). */
function isReuse(description: string): boolean {
  return /\breus(e|ed)\b|\balready (been )?(used|exchanged|redeemed)\b/i.test(description);
}

const BELIEVED = { whoActs: null, confirmAfterMs: null, meaning: null } as const;

function said({ code, subcodes, description }: OAuthError): Said {
  return { code, subcode: subcodes[0] ?? null, description };
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
