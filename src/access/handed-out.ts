import { HOUR, type Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import { codeOf } from "../runtime/service-error.ts";
import type { Usage } from "./keep-usage.ts";
import type { TokenReads, TokenReadStore } from "./store.ts";

/** Counts the access tokens that are handed out, by key, connection and hour, without a write for each. */
export interface HandedOut extends Usage {
  count(keyId: string, connectionId: string): void;
}

export interface HandedOutDeps {
  clock: Clock;
  reads: Pick<TokenReadStore, "add">;
  observer: Observer;
  /** Called when so many pairs of key and connection wait that they are better written at once. */
  onMany: () => void;
}

/** Pairs that are counted at a time. */
export const MOST_PAIRS = 20_000;
/** Of what waits to be written beyond so many, the newer is forgotten. */
const MOST_WAITING = 2 * MOST_PAIRS;
const AT_ONCE = 100;

export function createHandedOut({ clock, reads, observer, onMany }: HandedOutDeps): HandedOut {
  /** By key, then connection: neither lookup has to make a text first. */
  let counters = new Map<string, Map<string, { count: number }>>();
  let pairs = 0;
  let hour = 0;
  let unwritten: TokenReads[] = [];
  /** From the first piece to the last: what is counted meanwhile is left for the next time. */
  let writing = false;

  function begin(keyId: string, connectionId: string): void {
    if (pairs === 0) hour = hourOf(clock.now());
    const ofKey = counters.get(keyId) ?? new Map<string, { count: number }>();
    counters.set(keyId, ofKey.set(connectionId, { count: 1 }));
    pairs++;
    if (pairs < MOST_PAIRS) return;
    close();
    onMany();
  }

  /** What was counted is to be written, and counting begins anew. */
  function close(): void {
    const counted = [...counters].flatMap(([keyId, ofKey]) =>
      [...ofKey].map(([connectionId, { count }]) => ({ hour, keyId, connectionId, count })),
    );
    unwritten = [...unwritten, ...counted].slice(0, MOST_WAITING);
    counters = new Map();
    pairs = 0;
  }

  async function writeSome(): Promise<boolean> {
    if (!writing || hour !== hourOf(clock.now())) close();
    const batch = unwritten.slice(0, AT_ONCE);
    unwritten = unwritten.slice(AT_ONCE);
    writing = batch.length > 0 && (await written(batch)) && unwritten.length > 0;
    return writing;
  }

  async function written(batch: readonly TokenReads[]): Promise<boolean> {
    try {
      await reads.add(batch);
      return true;
    } catch (error) {
      unwritten = [...batch, ...unwritten].slice(0, MOST_WAITING);
      observer.event("store.failed", { code: codeOf(error) });
      return false;
    }
  }

  return {
    count: (keyId, connectionId) => {
      const counter = counters.get(keyId)?.get(connectionId);
      if (counter) counter.count++;
      else begin(keyId, connectionId);
    },
    writeSome,
  };
}

export function hourOf(time: number): number {
  return Math.floor(time / HOUR) * HOUR;
}
