import { DAY, SECOND } from "../../runtime/clock.ts";
import type { Random } from "../../runtime/random.ts";
import type { Flow } from "./flow.ts";
import type { Lane } from "./lane.ts";

/** Without `Retry-After`, a throttled client pauses for a second, and half a second more at most, so that clients spread. */
const PAUSE = SECOND;
const PAUSE_JITTER = SECOND / 2;

/** A server that asks for more has made a mistake, or its clock has. */
const LONGEST_RETRY_AFTER = DAY;

/** Two clients throttled within this time: the host means all of them. */
const TOGETHER = 10 * SECOND;

/**
 * What a throttled request does: its client pauses and goes on at half the rate, and if another client of the host was
 * throttled just before, the whole host goes on at half the rate. Times are monotonic milliseconds.
 */
export type Throttle = (lane: Lane, sentAt: number, retryAfterMs: number | null, now: number) => void;

export function createThrottle(host: Flow, random: Random): Throttle {
  let last: { lane: Lane; at: number } | undefined;
  return (lane, sentAt, retryAfterMs, now) => {
    const pause = PAUSE + random.fraction() * PAUSE_JITTER;
    lane.flow.cut(sentAt, now);
    lane.flow.rest(now + Math.max(pause, Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER)));
    if (last !== undefined && last.lane !== lane && now - last.at <= TOGETHER) host.cut(sentAt, now);
    last = { lane, at: now };
  };
}
