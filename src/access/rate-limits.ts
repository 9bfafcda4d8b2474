import type { Clock } from "../runtime/clock.ts";
import type { Caller } from "./authenticator.ts";
import { createQuotas, type Quota, type Standing } from "./quotas.ts";

/** A limit and what is left of it: of the caller's key, or of all keys of its tenant together. */
export interface RateLimit extends Quota, Standing {
  name: "key" | "tenant";
}

/** How many requests callers may make; counted by each process for itself. */
export interface RateLimits {
  /** Takes one request and returns 0; or takes nothing and returns in how many milliseconds there is one. */
  take(caller: Caller): number;
  /** Both limits of a caller, as they stand. */
  of(caller: Caller): RateLimit[];
}

/** Seconds of full speed that may come at once. */
const BURST_SECONDS = 2;
/** All keys of a tenant together may make as many requests as so many keys without a limit of their own. */
const KEYS_PER_TENANT = 10;
const MOST_KEYS = 10_000;

export function createRateLimits(clock: Clock, perSecond: number): RateLimits {
  const keys = createQuotas(clock, MOST_KEYS);
  const tenants = createQuotas(clock, MOST_KEYS);
  const usual = quotaOf(perSecond);
  const usualOfTenant = quotaOf(perSecond * KEYS_PER_TENANT);
  const ofTenant = ({ limits }: Caller): Quota =>
    limits.requestsPerMinute === null ? usualOfTenant : quotaOfMinute(limits.requestsPerMinute);
  const own = ({ rateLimit }: Caller): Quota => (rateLimit === null ? usual : quotaOf(rateLimit));
  return {
    take: (caller) => {
      const quota = own(caller);
      const wait = keys.take(caller.keyId, quota);
      if (wait > 0) return wait;
      const waitOfTenant = tenants.take(holder(caller), ofTenant(caller));
      if (waitOfTenant > 0) keys.giveBack(caller.keyId, quota);
      return waitOfTenant;
    },
    of: (caller) => [
      { name: "key", ...own(caller), ...keys.standing(caller.keyId, own(caller)) },
      { name: "tenant", ...ofTenant(caller), ...tenants.standing(holder(caller), ofTenant(caller)) },
    ],
  };
}

/** What was taken of one limit says nothing about another: a tenant whose limit is raised need not wait for the former one. */
function holder({ tenantId, limits }: Caller): string {
  return limits.requestsPerMinute === null ? tenantId : `${tenantId} ${limits.requestsPerMinute}`;
}

/** A small limit has to let a whole minute's worth come at once, or nothing would. */
function quotaOfMinute(requests: number): Quota {
  return { perSecond: requests / 60, burst: requests };
}

function quotaOf(perSecond: number): Quota {
  return { perSecond, burst: perSecond * BURST_SECONDS };
}
