import type { Connection } from "../connection/connection.ts";
import type { Snapshot } from "../connection/store.ts";
import type { Provider } from "../provider/provider.ts";
import { DAY, MINUTE, SECOND } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import { nextWarningAt } from "./consent-end.ts";
import { dueAt, dueAtLast, keptUntil, type Life } from "./due.ts";

/** Somebody who read within this time is expected to read again. */
const IN_USE = DAY;

/** For a provider that does not say how long an unused refresh token lives; few let it lapse sooner. */
const ASSUMED_IDLE_LIFE = 4 * DAY;

/** A refresh token that lapses within this time goes before what is only refreshed ahead. */
const LAPSING = DAY;

/** Is the connection refreshed ahead of every expiry, or only kept from lapsing? */
export function isEager({ policy, lastReadAt, createdAt, consentedAt }: Connection, now: number): boolean {
  switch (policy) {
    case "eager":
      return true;
    case "on_demand":
      return false;
    case "adaptive":
      return Math.max(lastReadAt ?? 0, createdAt, consentedAt ?? 0) > now - IN_USE;
  }
}

/** The times of a token set that decide when it is refreshed. */
interface Lives extends Life {
  refreshExpiresAt: number | null;
}

/** An end that is this near when the refresh token has just worked was said of another one, or was wrong. */
const SHORTEST_LIFE = 5 * MINUTE;

/** When the refresh token has to be used, so that it does not lapse: at half of its idle or remaining life. */
function keepAliveAt({ obtainedAt, refreshExpiresAt }: Lives, { lifetimes }: Provider): number {
  const idle = lifetimes.idle_seconds === null ? ASSUMED_IDLE_LIFE : lifetimes.idle_seconds * SECOND;
  const left = refreshExpiresAt === null ? Number.POSITIVE_INFINITY : refreshExpiresAt - obtainedAt;
  const life = Math.min(idle, left < SHORTEST_LIFE ? Number.POSITIVE_INFINITY : left);
  return Math.floor(obtainedAt + life / 2);
}

/** When to refresh next, a moment after a refresh or a read. `end`: of the consent, which is warned of when it is refreshed. */
export function nextDueAt(
  { tokens, provider, eager, end }: { tokens: Lives; provider: Provider; eager: boolean; end: number | null },
  random: Random,
): number | null {
  const ahead = eager ? aheadAt(tokens, provider, random) : null;
  const warning = nextWarningAt(end, tokens.obtainedAt);
  const lapses = ahead !== null || tokens.expiresAt !== null || provider.lifetimes.idle_seconds !== null;
  const times = [ahead, warning, lapses ? keepAliveAt(tokens, provider) : null].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}

function aheadAt(tokens: Life, { refresh_ends_access_token: ends }: Provider, random: Random): number | null {
  return ends === true ? dueAtLast(tokens, random) : dueAt(tokens, random);
}

/** Until when a connection that is due rests, because nobody reads it and its refresh token does not lapse yet; else null. */
export function restingUntil(
  { connection, tokens }: Snapshot,
  { provider, end }: { provider: Provider; end: number | null },
  now: number,
): number | null {
  if (isEager(connection, now)) return null;
  const at = Math.min(keepAliveAt(tokens, provider), nextWarningAt(end, tokens.obtainedAt) ?? Number.POSITIVE_INFINITY);
  return at > now ? at : null;
}

/**
 * Until when an access token that a refresh would end is left to those who hold it, or the refresh token is to be used; else null.
 */
export function leftUntil({ tokens }: Snapshot, provider: Provider, now: number): number | null {
  const kept = provider.refresh_ends_access_token === true ? keptUntil(tokens) : null;
  const at = kept === null ? now : Math.min(kept, keepAliveAt(tokens, provider));
  return at > now ? at : null;
}

export function isLapsing({ tokens }: Snapshot, { lifetimes }: Provider, now: number): boolean {
  const idleEnd = lifetimes.idle_seconds === null ? null : tokens.obtainedAt + lifetimes.idle_seconds * SECOND;
  return (
    Math.min(idleEnd ?? Number.POSITIVE_INFINITY, tokens.refreshExpiresAt ?? Number.POSITIVE_INFINITY) < now + LAPSING
  );
}
