import { DAY, HOUR, MINUTE, SECOND } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";

const FIRST = SECOND;
const LONGEST = 5 * MINUTE;

/** For what does not look as if it passed by itself. */
export const LONGEST_OF_LASTING = HOUR;

/** A server that asks for more has made a mistake, or its clock has. */
const LONGEST_RETRY_AFTER = DAY;

/** Wait before the next attempt after `failures` in a row: exponential with full jitter, never under what the server asked. */
export function backoffMs(
  failures: number,
  random: Random,
  retryAfterMs: number | null = null,
  longest = LONGEST,
): number {
  const ceiling = Math.min(longest, FIRST * 2 ** Math.min(failures, 20));
  const jittered = FIRST / 2 + random.fraction() * (ceiling - FIRST / 2);
  return Math.ceil(Math.max(jittered, Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER)));
}
