import { MINUTE, type Clock } from "../runtime/clock.ts";
import type { ProbeStore } from "./probes.ts";

/** The database goes through all connections for it, so it is asked this rarely. */
const KEPT = 10 * MINUTE;

/** How long ago the provider confirmed the connection for which that is longest ago; milliseconds, up to ten minutes behind. */
export function createOldestProof(clock: Clock, store: Pick<ProbeStore, "oldestProof">): () => Promise<number | null> {
  let known: { oldest: Promise<number | null>; until: number } | null = null;
  return () => {
    const now = clock.monotonic();
    if (known && known.until > now) return known.oldest;
    const oldest = store.oldestProof();
    known = { oldest, until: now + KEPT };
    oldest.catch(() => {
      known = null;
    });
    return oldest;
  };
}
