import type { Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import { codeOf } from "../runtime/service-error.ts";
import type { ApiKeyStore } from "./store.ts";

/** Remembers when and from where each key was used last, without a write for each use. */
export interface KeyUses {
  note(keyId: string, from: string | null): void;
  /** Writes down what was noted since. */
  flush(): Promise<void>;
}

interface Use {
  /** By the monotonic clock. */
  at: number;
  from: string | null;
}

/** Keys that wait to be written; what comes beyond them is noted at its next use. */
const MOST_WAITING = 10_000;
const AT_ONCE = 500;

export function createKeyUses({
  clock,
  keys,
  observer,
}: {
  clock: Clock;
  keys: Pick<ApiKeyStore, "markUsed">;
  observer: Observer;
}): KeyUses {
  const waiting = new Map<string, Use>();
  return {
    note: (keyId, from) => {
      const use = waiting.get(keyId);
      if (use) {
        use.at = clock.monotonic();
        use.from = from;
      } else if (waiting.size < MOST_WAITING) {
        waiting.set(keyId, { at: clock.monotonic(), from });
      }
    },
    flush: async () => {
      while (waiting.size > 0) {
        const now = clock.monotonic();
        const batch = [...waiting].slice(0, AT_ONCE);
        for (const [keyId] of batch) waiting.delete(keyId);
        try {
          await keys.markUsed(batch.map(([keyId, { at, from }]) => ({ keyId, agoMs: Math.round(now - at), from })));
        } catch (error) {
          for (const [keyId, use] of batch) if (!waiting.has(keyId)) waiting.set(keyId, use);
          return observer.event("store.failed", { code: codeOf(error) });
        }
      }
    },
  };
}
