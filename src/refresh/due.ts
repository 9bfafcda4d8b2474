import type { TokenSetOrigin } from "../connection/token-record.ts";
import { MINUTE } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";

/** The times that decide when a token set is refreshed; epoch milliseconds, null when it is not known to expire. */
export interface Life {
  obtainedAt: number;
  expiresAt: number | null;
}

const LONGEST_LEAD = 10 * MINUTE;

/** How long before its end an access token is replaced: 10 minutes, or half of a shorter life. */
export function leadTime(life: number): number {
  return Math.min(LONGEST_LEAD, life / 2);
}

/** When to refresh: the lead before expiry, and earlier by up to a tenth of the life so that equals do not meet. */
export function dueAt({ obtainedAt, expiresAt }: Life, random: Random): number | null {
  if (expiresAt === null) return null;
  const life = Math.max(0, expiresAt - obtainedAt);
  return Math.floor(expiresAt - leadTime(life) - random.fraction() * 0.1 * life);
}

/** Where a refresh ends the access token before, whoever holds that one needs it until its end. */
const SHORTEST_LEAD = MINUTE;

/** Until when an access token is not replaced without need that a refresh would end; null when it is not known to expire. */
export function keptUntil({ obtainedAt, expiresAt }: Life): number | null {
  return expiresAt === null ? null : expiresAt - Math.min(SHORTEST_LEAD, Math.max(0, expiresAt - obtainedAt) / 2);
}

/** When to replace an access token that a refresh ends: in its last minute, so that equals do not meet in the first half. */
export function dueAtLast(life: Life, random: Random): number | null {
  const from = keptUntil(life);
  if (from === null || life.expiresAt === null) return null;
  return Math.floor(from + (random.fraction() * (life.expiresAt - from)) / 2);
}

/** How long a provider is left alone after a refresh that brought a token without life. */
const REST = MINUTE;

/**
 * Until when another refresh would be in vain, because the last one brought a token that was over when it came (`expires_in: 0`);
 * otherwise every read and every round would ask for the next. 0 when nothing speaks against a refresh.
 */
export function restUntil({ obtainedAt, expiresAt }: Life, origin: TokenSetOrigin): number {
  const refreshed = origin !== "connect" && origin !== "import";
  return refreshed && expiresAt !== null && expiresAt <= obtainedAt ? obtainedAt + REST : 0;
}

/** Milliseconds left; infinite when it is not known to expire. */
export function lifeLeft({ expiresAt }: Life, now: number): number {
  return expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt - now;
}

/**
 * The remaining life a reader can be promised. More than the token's own life less its lead is never asked for, so that an
 * unmeetable `min_ttl` does not become a refresh on every read.
 */
export function attainable(minTtl: number, { obtainedAt, expiresAt }: Life): number {
  if (expiresAt === null) return 0;
  const life = Math.max(0, expiresAt - obtainedAt);
  return Math.min(minTtl, life - leadTime(life));
}
