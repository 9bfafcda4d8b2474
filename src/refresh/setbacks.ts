import type { Cause } from "../connection/cause.ts";
import type { Clock } from "../runtime/clock.ts";

/** Connections that this instance has postponed; a database that comes back may have forgotten that. */
export interface Setbacks {
  note(connectionId: string, setback: { generation: number; cause: Cause; waitMs: number }): void;
  /** Why that generation is not to be sent yet, and for how many milliseconds; null when it may be. */
  find(connectionId: string, generation: number): { cause: Cause; leftMs: number } | null;
}

/** More than this are postponed at once only when a provider is down, and then it does not matter which are forgotten. */
const MOST = 10_000;

export function createSetbacks(clock: Clock): Setbacks {
  const setbacks = new Map<string, { generation: number; cause: Cause; until: number }>();
  return {
    note: (connectionId, { generation, cause, waitMs }) => {
      setbacks.delete(connectionId);
      setbacks.set(connectionId, { generation, cause, until: clock.monotonic() + waitMs });
      const oldest = setbacks.size > MOST ? setbacks.keys().next() : undefined;
      if (oldest && !oldest.done) setbacks.delete(oldest.value);
    },
    find: (connectionId, generation) => {
      const known = setbacks.get(connectionId);
      if (!known) return null;
      const leftMs = known.until - clock.monotonic();
      if (known.generation === generation && leftMs > 0) return { cause: known.cause, leftMs };
      setbacks.delete(connectionId);
      return null;
    },
  };
}
