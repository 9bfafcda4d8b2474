import type { Secret } from "../runtime/secret.ts";
import type { ReceivedTokens } from "./token-response.ts";

/** What a connection holds after an exchange. Times are epoch milliseconds; null means that it is not known to expire. */
export interface TokenSet {
  /** Null only for a connection that was imported without one. */
  accessToken: Secret<string> | null;
  tokenType: string;
  refreshToken: Secret<string> | null;
  /** When the request that brought it was sent: every lifetime is counted from here. */
  obtainedAt: number;
  expiresAt: number | null;
  refreshExpiresAt: number | null;
  scope: string[];
  /** What the answers said beside the tokens, by dotted path: where the API is, for instance. */
  answerFields: Record<string, string>;
  /** Thumbprint of the key that it was asked for with, and that its refreshes have to prove (RFC 9449 §5); null: with none. */
  dpopKey: string | null;
}

export interface Received {
  tokens: ReceivedTokens;
  /** When the request was sent. Counting from the answer would promise life that is already gone. */
  sentAt: number;
  /** Seconds that the provider is known to give when the answer does not say. */
  usualLifetime: number | null;
}

/** The token set after an exchange; what the answer leaves out stays as it was before (RFC 6749 §5.1, §6). */
export function tokenSetFrom(
  { tokens, sentAt, usualLifetime }: Received,
  before: Pick<TokenSet, "refreshToken" | "refreshExpiresAt" | "scope" | "answerFields" | "dpopKey">,
): TokenSet {
  return {
    accessToken: tokens.accessToken,
    tokenType: tokens.tokenType,
    refreshToken: tokens.refreshToken ?? before.refreshToken,
    obtainedAt: sentAt,
    expiresAt: after(sentAt, tokens.expiresIn ?? usualLifetime),
    refreshExpiresAt:
      after(sentAt, tokens.refreshExpiresIn) ?? (tokens.refreshToken === null ? before.refreshExpiresAt : null),
    scope: tokens.scope ?? before.scope,
    answerFields: { ...before.answerFields, ...tokens.answerFields },
    dpopKey: before.dpopKey,
  };
}

/** Ten years: past any real lifetime, and far below where adding it to a time would lose precision. */
const LONGEST_LIFETIME = 10 * 365 * 24 * 3600;

function after(start: number, lifetime: number | null): number | null {
  return lifetime === null ? null : start + Math.min(lifetime, LONGEST_LIFETIME) * 1000;
}
