import { DAY, MINUTE, SECOND } from "../../runtime/clock.ts";
import type { Random } from "../../runtime/random.ts";
import type { Flow } from "./flow.ts";
import type { Lane } from "./lane.ts";

/** Without `Retry-After`, a throttled client pauses for a second, and half as long again at most, so that clients spread. */
const PAUSE = SECOND;
const PAUSE_JITTER = 0.5;

/** Each time in a row doubles the pause up to this: a request that is refused may count against the client too. */
const LONGEST_PAUSE = MINUTE;

/** A server that asks for more has made a mistake, or its clock has. */
const LONGEST_RETRY_AFTER = DAY;

/** Two clients throttled within this time: the host means all of them. */
const TOGETHER = 10 * SECOND;

/**
 * What a throttled request does: its client pauses and goes on at half the rate, and if another client of the host was
 * throttled just before, the whole host goes on at half the rate. Times are monotonic milliseconds.
 */
export type Throttle = (lane: Lane, sentAt: number, retryAfterMs: number | null, now: number) => void;

/** A request sent at `sentAt` was taken. */
export function endThrottle(lane: Lane, sentAt: number): void {
  if (sentAt >= lane.pausedUntil) lane.throttledInRow = 0;
}

export function createThrottle(host: Flow, random: Random): Throttle {
  let last: { lane: Lane; at: number } | undefined;
  return (lane, sentAt, retryAfterMs, now) => {
    // Those that were under way together are one time.
    if (sentAt >= lane.pausedUntil) lane.throttledInRow++;
    const doubled = Math.min(LONGEST_PAUSE, PAUSE * 2 ** Math.max(0, lane.throttledInRow - 1));
    const pause = doubled * (1 + random.fraction() * PAUSE_JITTER);
    const wait = Math.max(pause, Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER));
    lane.pausedUntil = Math.max(lane.pausedUntil, now + wait);
    lane.flow.cut(sentAt, now);
    lane.flow.rest(lane.pausedUntil);
    if (last !== undefined && last.lane !== lane && now - last.at <= TOGETHER) host.cut(sentAt, now);
    last = { lane, at: now };
  };
}
