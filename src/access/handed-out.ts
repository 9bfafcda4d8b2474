import { HOUR, type Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import { codeOf } from "../runtime/service-error.ts";
import type { TokenReads, TokenReadStore } from "./store.ts";

/** Counts the access tokens that are handed out, by key, connection and hour, without a write for each. */
export interface HandedOut {
  count(keyId: string, connectionId: string): void;
  /** Writes down what was counted since. */
  flush(): Promise<void>;
}

export interface HandedOutDeps {
  clock: Clock;
  reads: Pick<TokenReadStore, "add">;
  observer: Observer;
  /** Pairs of key and connection that are counted between two writes; with so many, one is made at once. */
  mostPairs?: number;
}

const MOST_PAIRS = 20_000;
const AT_ONCE = 100;

export function createHandedOut({ clock, reads, observer, mostPairs = MOST_PAIRS }: HandedOutDeps): HandedOut {
  /** By key, then connection: neither lookup has to make a text first. */
  let counters = new Map<string, Map<string, { count: number }>>();
  let pairs = 0;
  let hour = 0;
  let unwritten: TokenReads[] = [];
  let writing: Promise<void> = Promise.resolve();

  function begin(keyId: string, connectionId: string): void {
    if (pairs === 0) hour = hourOf(clock.now());
    const ofKey = counters.get(keyId) ?? new Map<string, { count: number }>();
    counters.set(keyId, ofKey.set(connectionId, { count: 1 }));
    pairs++;
    if (pairs >= mostPairs) void flush();
  }

  function flush(): Promise<void> {
    unwritten = [...unwritten, ...taken()].slice(0, mostPairs);
    writing = writing.then(write);
    return writing;
  }

  function taken(): TokenReads[] {
    const all = [...counters].flatMap(([keyId, ofKey]) =>
      [...ofKey].map(([connectionId, { count }]) => ({ hour, keyId, connectionId, count })),
    );
    counters = new Map();
    pairs = 0;
    return all;
  }

  async function write(): Promise<void> {
    while (unwritten.length > 0) {
      const batch = unwritten.slice(0, AT_ONCE);
      try {
        await reads.add(batch);
      } catch (error) {
        // Kept for the next time; what no longer fits beside them is not counted.
        return observer.event("store.failed", { code: codeOf(error) });
      }
      unwritten = unwritten.slice(batch.length);
    }
  }

  return {
    count: (keyId, connectionId) => {
      const counter = counters.get(keyId)?.get(connectionId);
      if (counter) counter.count++;
      else begin(keyId, connectionId);
    },
    flush,
  };
}

export function hourOf(time: number): number {
  return Math.floor(time / HOUR) * HOUR;
}
