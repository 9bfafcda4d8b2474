import { createAdaptiveRate } from "./adaptive-rate.ts";
import { createTokenBucket, type TokenBucket } from "./token-bucket.ts";

/**
 * A token bucket that flows as fast as this instance's share of a limit, or slower while the server asks for less.
 * Times are monotonic milliseconds.
 */
export interface Flow extends Omit<TokenBucket, "setRate"> {
  setLimit(perSecond: number, now: number): void;
  setShare(part: number, now: number): void;
  /** The rate now. */
  perSecond(): number;
  /** The request sent at `sentAt` was throttled. */
  cut(sentAt: number, now: number): void;
  /** The request sent at `sentAt` was answered. */
  grow(sentAt: number, now: number): void;
}

export function createFlow(initialShare: number): Flow {
  const bucket = createTokenBucket();
  const rate = createAdaptiveRate();
  let limit = Infinity;
  let share = initialShare;

  const perSecond = (): number => rate.of(limit * share);

  function apply(now: number): void {
    bucket.setRate(perSecond(), now);
  }

  return {
    ...bucket,
    setLimit: (wanted, now) => {
      limit = wanted;
      apply(now);
    },
    setShare: (part, now) => {
      share = part;
      apply(now);
    },
    perSecond,
    cut: (sentAt, now) => {
      rate.cut(limit * share, sentAt, now);
      apply(now);
    },
    grow: (sentAt, now) => {
      rate.grow(sentAt, now);
      apply(now);
    },
  };
}
