import { SECOND } from "../../runtime/clock.ts";

/** How long a cut needs to show in the answers: requests sent before that say nothing about the new rate. */
const SHOWS_AFTER = SECOND;

/** Growth: 5 % of the limit with an answer, once in 5 s: from half to full in 50 s, from the floor in 100 s, or 20 answers. */
const STEP = 0.05;
const STEP_EVERY = 5 * SECOND;

/** Requests a second below which no rate is cut, or a tenth of the limit if that is less. */
const FLOOR_PER_SECOND = 0.1;
const FLOOR_PART = 0.1;

/** Additive increase, multiplicative decrease: finds the rate that a server takes without being told what it is. */
export interface AdaptiveRate {
  /** Of this limit (requests a second), what is used now. */
  of(limit: number): number;
  /** A request sent at `sentAt` was too many: half the rate, once a second at most. */
  cut(limit: number, sentAt: number, now: number): void;
  /** A request sent at `sentAt` was taken: a little more. */
  grow(sentAt: number, now: number): void;
}

/** Times are monotonic milliseconds. */
export function createAdaptiveRate(): AdaptiveRate {
  let part = 1;
  let heedsFrom = -Infinity;
  let changedAt = -Infinity;

  return {
    of: (limit) => limit * part,

    cut: (limit, sentAt, now) => {
      if (sentAt < heedsFrom) return;
      const floor = Math.min(FLOOR_PER_SECOND / limit, FLOOR_PART);
      part = Math.max(floor, part / 2);
      heedsFrom = now + SHOWS_AFTER;
      changedAt = now;
    },

    grow: (sentAt, now) => {
      if (sentAt < heedsFrom || now < changedAt + STEP_EVERY) return;
      part = Math.min(1, part + STEP);
      changedAt = now;
    },
  };
}
