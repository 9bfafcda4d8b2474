import { SECOND, type Clock } from "../runtime/clock.ts";

/** What was read of a connection, kept in memory for a moment. */
export interface TokenCache<T> {
  get(connectionId: string): T | undefined;
  /** `asOf` is what `stamp()` gave before the value was read; a value that was overtaken by a `drop` is not kept. */
  put(connectionId: string, value: T, asOf: number): void;
  stamp(): number;
  /** Called at once when this process changes the connection. */
  drop(connectionId: string): void;
}

/** The longest that another process's change stays unseen, and that an access token stays open in memory (DESIGN §6). */
const TRUST = 5 * SECOND;

/** Keeps at most `most` values; the one that was read from the store longest ago goes first. */
export function createTokenCache<T>(clock: Clock, most: number): TokenCache<T> {
  const entries = new Map<string, { value: T; until: number }>();
  const drops = new Map<string, number>();
  let count = 0;
  let floor = 0;

  function noteDrop(connectionId: string): void {
    drops.set(connectionId, ++count);
    if (drops.size <= most) return;
    drops.clear();
    floor = count;
  }

  return {
    get: (connectionId) => {
      const entry = entries.get(connectionId);
      if (!entry) return undefined;
      if (entry.until > clock.monotonic()) return entry.value;
      entries.delete(connectionId);
      return undefined;
    },
    put: (connectionId, value, asOf) => {
      if ((drops.get(connectionId) ?? floor) > asOf) return;
      entries.delete(connectionId);
      entries.set(connectionId, { value, until: clock.monotonic() + TRUST });
      const oldest = entries.size > most ? entries.keys().next() : undefined;
      if (oldest && !oldest.done) entries.delete(oldest.value);
    },
    stamp: () => count,
    drop: (connectionId) => {
      entries.delete(connectionId);
      noteDrop(connectionId);
    },
  };
}
