import type { Connection } from "../connection/connection.ts";
import { HOUR } from "../runtime/clock.ts";
import { codeOf } from "../runtime/service-error.ts";
import type { RefreshPorts } from "./ports.ts";

/** Remembers which connections were read, so that those in use are refreshed ahead, without a write for each read. */
export interface ReadMarks {
  note(connection: Pick<Connection, "id" | "lastReadAt">): void;
  /** Writes down what was noted. */
  flush(): Promise<void>;
}

/** A mark this young is good enough. */
const PRECISION = HOUR;
/** Marks that wait to be written; what comes beyond them is noted at its next read. */
const MOST_WAITING = 10_000;
const AT_ONCE = 500;

export function createReadMarks({
  clock,
  connections,
  observer,
}: Pick<RefreshPorts, "clock" | "connections" | "observer">): ReadMarks {
  const waiting = new Set<string>();
  return {
    note: ({ id, lastReadAt }) => {
      if (lastReadAt !== null && lastReadAt > clock.now() - PRECISION) return;
      if (waiting.size < MOST_WAITING) waiting.add(id);
    },
    flush: async () => {
      while (waiting.size > 0) {
        const ids = [...waiting].slice(0, AT_ONCE);
        for (const id of ids) waiting.delete(id);
        try {
          await connections.markRead(ids);
        } catch (error) {
          // The next read notes it again.
          return observer.event("sweep.failed", { code: codeOf(error) });
        }
      }
    },
  };
}
