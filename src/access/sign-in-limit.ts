import type { Clock } from "../runtime/clock.ts";
import { networkOf, tooMany } from "./admission.ts";
import { createQuotas, type Quota } from "./quotas.ts";

/** Counts who goes to the sign-in and comes back, by address; each process for itself. */
export interface SignInLimit {
  /** Throws `rate_limited` for an address from which too many came. */
  take(from: string | null): void;
}

/** Enough for everybody in an office that has one address, and too few to make the issuer work. */
const VISITS: Quota = { perSecond: 1, burst: 60 };
const MOST_ADDRESSES = 10_000;

export function createSignInLimit(clock: Clock): SignInLimit {
  const visits = createQuotas(clock, MOST_ADDRESSES);
  return {
    take: (from) => {
      const waitMs = visits.take(networkOf(from), VISITS);
      if (waitMs > 0) throw tooMany("Too many sign-ins were started from this address.", waitMs);
    },
  };
}
