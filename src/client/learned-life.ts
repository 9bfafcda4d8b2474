import { DAY } from "../runtime/clock.ts";

/** How long the access tokens of a client were seen to live, which is less than their server says. */
export interface LearnedLife {
  milliseconds: number;
  /** When it was learned, epoch milliseconds. */
  at: number;
}

/** What was learned counts for half after so long: a server may have been mended. */
const HALF_LIFE = 7 * DAY;

/** After so many of these it counts for nothing. */
const FORGOTTEN = 4;

/**
 * When an access token is to be taken for ended: at first after the life that was learned, and from then on nearer and nearer to
 * what its server promises, if it promises anything. Epoch milliseconds; null when it is not known to end.
 */
export function expiryToCountOn(
  { obtainedAt, expiresAt }: { obtainedAt: number; expiresAt: number | null },
  learned: LearnedLife | null,
  now: number,
): number | null {
  const halves = learned === null ? FORGOTTEN : Math.max(0, now - learned.at) / HALF_LIFE;
  if (learned === null || halves >= FORGOTTEN) return expiresAt;
  const assumed = obtainedAt + learned.milliseconds;
  if (expiresAt === null) return assumed;
  return Math.floor(expiresAt - Math.max(0, expiresAt - assumed) * 0.5 ** halves);
}
