import { SECOND, type Clock } from "../runtime/clock.ts";

/** How fast requests come back, and how many there may be at once after a rest. */
export interface Quota {
  perSecond: number;
  burst: number;
}

/** What a holder has of its quota. */
export interface Standing {
  remaining: number;
  /** Milliseconds until it has all of it again. */
  fullInMs: number;
}

/** Quotas of many holders, in this process's memory. */
export interface Quotas {
  /** Takes one request and returns 0; or takes nothing and returns in how many milliseconds there is one. */
  take(holder: string, quota: Quota): number;
  /** Puts back one that was taken. */
  giveBack(holder: string, quota: Quota): void;
  standing(holder: string, quota: Quota): Standing;
}

/**
 * The generic cell rate algorithm: a token bucket that is one number, the time at which it is full again. Work is constant, and
 * beyond `most` holders the one that came first is forgotten, which is as good as a full bucket.
 */
export function createQuotas(clock: Clock, most: number): Quotas {
  const buckets = new Map<string, { fullAt: number }>();

  function bucketOf(holder: string): { fullAt: number } {
    const known = buckets.get(holder);
    if (known) return known;
    const oldest = buckets.size < most ? undefined : buckets.keys().next().value;
    if (oldest !== undefined) buckets.delete(oldest);
    const bucket = { fullAt: -Infinity };
    buckets.set(holder, bucket);
    return bucket;
  }

  return {
    take: (holder, { perSecond, burst }) => {
      const bucket = bucketOf(holder);
      const now = clock.monotonic();
      const fullAt = Math.max(bucket.fullAt, now) + SECOND / perSecond;
      const wait = fullAt - now - (burst * SECOND) / perSecond;
      // A fraction lost in arithmetic is no reason to wait.
      if (wait > 1e-6) return wait;
      bucket.fullAt = fullAt;
      return 0;
    },
    giveBack: (holder, { perSecond }) => {
      const bucket = buckets.get(holder);
      if (bucket) bucket.fullAt -= SECOND / perSecond;
    },
    standing: (holder, { perSecond, burst }) => {
      const fullInMs = Math.max(0, (buckets.get(holder)?.fullAt ?? -Infinity) - clock.monotonic());
      return { remaining: Math.floor(burst - (fullInMs * perSecond) / SECOND + 1e-6), fullInMs };
    },
  };
}
