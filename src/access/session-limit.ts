import { HOUR, SECOND, type Clock } from "../runtime/clock.ts";
import { tooMany } from "./admission.ts";
import type { Caller } from "./authenticator.ts";
import { createQuotas } from "./quotas.ts";

/** Counts the connect sessions that are made through the API; each process for itself. */
export interface SessionLimit {
  /** Throws `rate_limited` when the caller's tenant made as many as it may within an hour. */
  take(caller: Caller): void;
}

const MOST_TENANTS = 10_000;

export function createSessionLimit(clock: Clock): SessionLimit {
  const quotas = createQuotas(clock, MOST_TENANTS);
  return {
    take: ({ tenantId, limits }) => {
      const perHour = limits.connectSessionsPerHour;
      if (perHour === null) return;
      const waitMs = quotas.take(`${tenantId} ${perHour}`, { perSecond: (perHour * SECOND) / HOUR, burst: perHour });
      if (waitMs > 0) throw tooMany(`No more than ${perHour} connect sessions may be made in an hour.`, waitMs);
    },
  };
}
