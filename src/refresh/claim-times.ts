import type { Clock } from "../runtime/clock.ts";
import { LEASE } from "./lease-times.ts";
import type { Instant } from "./obtain-claim.ts";

/** When this process last claimed each connection for itself, for as long as a claim of the sweep may be older. */
export interface ClaimTimes {
  note(connectionId: string): void;
  isSince(connectionId: string, instant: Instant): boolean;
}

export function createClaimTimes(clock: Clock): ClaimTimes {
  /** The connection that was longest without a claim is the first. */
  const times = new Map<string, number>();

  /** When a whole lease has passed, what the sweep claimed before is over too. */
  function forgetOld(now: number): void {
    for (const [id, at] of times) {
      if (at >= now - LEASE) return;
      times.delete(id);
    }
  }

  return {
    note: (connectionId) => {
      const now = clock.monotonic();
      forgetOld(now);
      times.delete(connectionId);
      times.set(connectionId, now);
    },
    isSince: (connectionId, { monotonic }) => (times.get(connectionId) ?? Number.NEGATIVE_INFINITY) >= monotonic,
  };
}
