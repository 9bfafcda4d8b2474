import { DAY, HOUR, MINUTE, SECOND } from "../runtime/clock.ts";

/** After the first attempt, the second and so on: over a day in all. */
const WAITS = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  8 * HOUR,
];

/** So much is added at most, so that what failed together does not come back together. */
const JITTER = 0.2;
const LONGEST = DAY;

/**
 * How long after attempt number `attempt`, from 1, the next one is made: no sooner than the receiver asks for (RFC 9110 §10.2.3), up
 * to a day. Milliseconds; null when there is none any more.
 */
export function retryIn(
  attempt: number,
  { fraction, retryAfterMs }: { fraction: number; retryAfterMs: number | null },
): number | null {
  const wait = WAITS[attempt - 1];
  if (wait === undefined) return null;
  return Math.round(Math.max(wait * (1 + JITTER * fraction), Math.min(retryAfterMs ?? 0, LONGEST)));
}
