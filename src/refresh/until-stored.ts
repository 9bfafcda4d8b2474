import { SECOND } from "../runtime/clock.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { RefreshPorts } from "./ports.ts";

/** What passes by itself: the database or the key is away. */
const PASSING: ReadonlySet<string> = new Set(["store_unavailable", "key_unavailable"]);

/**
 * What an answer means is never thrown away because the store is down: the write is repeated until it is taken. The connection's
 * flight stays open meanwhile, so nothing else is sent for it. `onFailure` is told of each failure.
 */
export async function untilStored<T>(
  ports: Pick<RefreshPorts, "clock" | "observer">,
  connectionId: string,
  write: () => Promise<T>,
  { patienceMs = Number.POSITIVE_INFINITY, onFailure }: { patienceMs?: number; onFailure?: () => void } = {},
): Promise<T> {
  const start = ports.clock.monotonic();
  for (let failures = 0; ; failures++) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof ServiceError) || !PASSING.has(error.code)) throw error;
      if (ports.clock.monotonic() - start > patienceMs) throw error;
      ports.observer.event("refresh.commit_retried", { connectionId, failures: failures + 1, code: error.code });
      onFailure?.();
      await ports.clock.sleep(Math.min(5 * SECOND, 100 * 2 ** Math.min(failures, 10)));
    }
  }
}
