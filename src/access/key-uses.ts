import type { Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import { codeOf } from "../runtime/service-error.ts";
import type { Usage } from "./keep-usage.ts";
import type { ApiKeyStore } from "./store.ts";

/** Remembers when and from where each key was used last, without a write for each use. */
export interface KeyUses extends Usage {
  note(keyId: string, from: string | null): void;
}

export interface KeyUsesDeps {
  clock: Clock;
  keys: Pick<ApiKeyStore, "markUsed">;
  observer: Observer;
}

interface Use {
  /** By the monotonic clock. */
  at: number;
  from: string | null;
}

/** Keys whose use is noted; what comes beyond them is noted at its next use. */
const MOST_KEYS = 10_000;
const AT_ONCE = 100;

export function createKeyUses({ clock, keys, observer }: KeyUsesDeps): KeyUses {
  let noted = new Map<string, Use>();
  let unwritten: [keyId: string, use: Use][] = [];
  /** From the first piece to the last: what is noted meanwhile is left for the next time. */
  let writing = false;

  /** A use that could not be written gives way to a newer one. */
  function close(): void {
    unwritten = [...new Map([...unwritten, ...noted])].slice(0, MOST_KEYS);
    noted = new Map();
  }

  async function written(batch: readonly [string, Use][]): Promise<boolean> {
    const now = clock.monotonic();
    try {
      await keys.markUsed(batch.map(([keyId, { at, from }]) => ({ keyId, agoMs: Math.round(now - at), from })));
      return true;
    } catch (error) {
      unwritten = [...batch, ...unwritten];
      observer.event("store.failed", { code: codeOf(error) });
      return false;
    }
  }

  return {
    note: (keyId, from) => {
      const use = noted.get(keyId);
      if (use) {
        use.at = clock.monotonic();
        use.from = from;
      } else if (noted.size < MOST_KEYS) {
        noted.set(keyId, { at: clock.monotonic(), from });
      }
    },
    writeSome: async () => {
      if (!writing) close();
      const batch = unwritten.slice(0, AT_ONCE);
      unwritten = unwritten.slice(AT_ONCE);
      writing = batch.length > 0 && (await written(batch)) && unwritten.length > 0;
      return writing;
    },
  };
}
