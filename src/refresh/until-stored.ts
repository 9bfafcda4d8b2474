import { SECOND } from "../runtime/clock.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { RefreshPorts } from "./ports.ts";

/**
 * A received token is never thrown away because the store is down: the commit is repeated until it is taken, and nobody sees
 * the access token before that. The connection's flight stays open meanwhile, so nothing else is sent for it.
 */
export async function untilStored<T>(
  ports: Pick<RefreshPorts, "clock" | "observer">,
  connectionId: string,
  commit: () => Promise<T>,
  patienceMs = Number.POSITIVE_INFINITY,
): Promise<T> {
  const start = ports.clock.monotonic();
  for (let failures = 0; ; failures++) {
    try {
      return await commit();
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== "store_unavailable") throw error;
      if (ports.clock.monotonic() - start > patienceMs) throw error;
      ports.observer.event("refresh.commit_retried", { connectionId, failures: failures + 1 });
      await ports.clock.sleep(Math.min(5 * SECOND, 100 * 2 ** Math.min(failures, 10)));
    }
  }
}
