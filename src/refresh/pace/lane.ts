import { MINUTE } from "../../runtime/clock.ts";
import type { Breaker } from "./breaker.ts";
import type { Flow } from "./flow.ts";

/** One client at one token host. */
export interface Lane {
  clientId: string;
  flow: Flow;
  breaker: Breaker;
  /** Turns not over yet. */
  underWay: number;
  /** Until when it pauses, or did last, because the server asked for less (monotonic milliseconds). */
  pausedUntil: number;
  /** How often it did so since a request was last taken. */
  throttledInRow: number;
  /** When the last turn was over (monotonic milliseconds); `-Infinity` before the first was. */
  usedAt: number;
}

/** What was learned is kept for so long without use: longer than the windows that servers count requests in. */
const REMEMBERED = 10 * MINUTE;

/** Whether the lane, if nobody waits in it, is as good as a new one. A pause that the server asked for outlasts that time. */
export function isForgettable({ flow, breaker, underWay, usedAt }: Lane, now: number): boolean {
  return underWay === 0 && now >= Math.max(usedAt, breaker.probeAt()) + REMEMBERED && flow.isFull(now);
}
