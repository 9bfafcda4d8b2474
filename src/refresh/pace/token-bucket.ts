import { SECOND } from "../../runtime/clock.ts";

/** Turns for half a second may come at once, so that arrivals in pairs do not wait; one always may. */
const BURST_SECONDS = 0.5;

/** A fraction lost in arithmetic is no reason to wait. */
const ROUNDING = 1e-9;

/** Gives so many tokens a second, and after a rest a few at once. In any `t` seconds: `burst + t × rate` at most. */
export interface TokenBucket {
  /** Applies from `now` on. */
  setRate(perSecond: number, now: number): void;
  /** When there are as many tokens, if none is taken meanwhile: `now` or later; `Infinity` at a rate of nothing. */
  readyAt(now: number, tokens?: number): number;
  /** Takes one; the caller has seen that there is one. */
  take(): void;
  /** Puts back one that was not used. */
  giveBack(): void;
  /** Gives nothing before `until`, and then one at most before the rate allows the next. */
  rest(until: number): void;
  /** Whether it is as at the beginning. */
  isFull(now: number): boolean;
}

/** Times are monotonic milliseconds. Without limit until it is told its rate, so that it is full then. */
export function createTokenBucket(): TokenBucket {
  let perSecond = Infinity;
  let tokens = Infinity;
  /** Up to when `tokens` counts what flowed in; while it rests, that is the end of the rest. */
  let countedTo = -Infinity;
  let restsUntil = -Infinity;

  const burst = (): number => Math.max(1, perSecond * BURST_SECONDS);

  function countTo(time: number): void {
    if (time <= countedTo) return;
    tokens = Math.min(burst(), tokens + ((time - countedTo) * perSecond) / SECOND);
    countedTo = time;
  }

  function readyAt(now: number, wanted = 1): number {
    countTo(now);
    const missing = wanted - tokens;
    if (missing <= ROUNDING) return Math.max(now, restsUntil);
    return countedTo + (missing * SECOND) / perSecond;
  }

  return {
    setRate: (rate, now) => {
      countTo(now);
      perSecond = rate;
      tokens = Math.min(burst(), tokens);
    },
    readyAt,
    take: () => {
      tokens -= 1;
    },
    giveBack: () => {
      tokens = Math.min(burst(), tokens + 1);
    },
    rest: (until) => {
      countTo(until);
      restsUntil = Math.max(restsUntil, until);
      tokens = Math.min(1, tokens);
    },
    isFull: (now) => readyAt(now, burst()) <= now,
  };
}
