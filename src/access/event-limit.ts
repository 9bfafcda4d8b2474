import type { Clock } from "../runtime/clock.ts";
import { networkOf, tooMany } from "./admission.ts";
import { createQuotas, type Quota } from "./quotas.ts";

/** Counts who sends security events, by address; each process for itself. */
export interface EventLimit {
  /** Throws `rate_limited` for an address from which too many came. */
  take(from: string | null): void;
}

/** Providers send many at once after a bad night, and whoever only guesses cannot make us verify without end. */
const EVENTS: Quota = { perSecond: 50, burst: 1000 };
const MOST_ADDRESSES = 10_000;

export function createEventLimit(clock: Clock): EventLimit {
  const sent = createQuotas(clock, MOST_ADDRESSES);
  return {
    take: (from) => {
      const waitMs = sent.take(networkOf(from), EVENTS);
      if (waitMs > 0) throw tooMany("Too many security events came from this address.", waitMs);
    },
  };
}
