import { DAY } from "../runtime/clock.ts";
import type { Cause, Confidence } from "./cause.ts";
import type { TokenRecord } from "./token-record.ts";

/**
 * What a provider said of a connection other than in an answer to a refresh (RFC 8417). It is evidence and no verdict: the refresh
 * that it makes due decides, and what it says is the cause if the refresh token is then rejected. Times are epoch milliseconds.
 */
export interface Notice {
  /** The type of the security event. */
  event: string;
  at: number;
  /** From then on it explains nothing any more. */
  until: number;
  /** Token sets up to this generation are older than it. */
  generation: number;
  /** Null: it does not say why a refresh token would be rejected. */
  cause: Cause | null;
  confidence: Confidence;
  /** Access tokens of those token sets are not handed out until a refresh has confirmed the connection. */
  withholds: boolean;
}

/** So long a notice explains a rejection. */
export const NOTICE_LIFE = DAY;

interface Noticed {
  tokens: Pick<TokenRecord, "generation" | "sealedRefreshToken">;
  lease: { notice: Notice | null };
}

/** Has no refresh succeeded since the notice? */
export function isUnconfirmed({ tokens, lease: { notice } }: Noticed): boolean {
  return notice !== null && tokens.generation <= notice.generation;
}

/** Without a refresh token nothing could confirm it, and its access token lives on for the little that it has. */
export function isWithheld(held: Noticed): boolean {
  return held.lease.notice?.withholds === true && held.tokens.sealedRefreshToken !== null && isUnconfirmed(held);
}

/** The causes that say most stand first. */
const TELLING: readonly (Cause | null)[] = [
  "account_disabled",
  "revoked_for_security",
  "revoked_by_admin",
  "password_changed",
  "revoked_by_user",
  "interaction_required",
];

/** One event is often told by several; the one that says most is kept, and what one of them withholds stays withheld. */
export function withNotice(held: Noticed, next: Notice): Notice {
  const before = held.lease.notice;
  if (before === null || before.until <= next.at) return next;
  const withholds = next.withholds || isWithheld(held);
  const saysMore = rankOf(before.cause) < rankOf(next.cause);
  const { event, cause, confidence } = saysMore ? before : next;
  return { ...next, event, cause, confidence, withholds };
}

function rankOf(cause: Cause | null): number {
  const rank = TELLING.indexOf(cause);
  return rank < 0 ? TELLING.length : rank;
}
