import type { Caller } from "../../access/authenticator.ts";
import { SECOND } from "../../runtime/clock.ts";
import { ServiceError } from "../../runtime/service-error.ts";

/** Requests at once, of one instance. */
export interface ProxyLimits {
  perConnection: number;
  perTenant: number;
}

export const PROXY_LIMITS: ProxyLimits = { perConnection: 100, perTenant: 1000 };

/** Streams last as long as somebody reads, so there are never more than so many. */
export interface Room {
  /** Returns how to leave. Throws `rate_limited`. */
  enter(caller: Pick<Caller, "tenantId">, connectionId: string): () => void;
}

export function createRoom({ perConnection, perTenant }: ProxyLimits): Room {
  const counts = new Map<string, number>();

  function add(name: string, change: 1 | -1): void {
    const count = (counts.get(name) ?? 0) + change;
    if (count > 0) counts.set(name, count);
    else counts.delete(name);
  }

  return {
    enter: ({ tenantId }, connectionId) => {
      if ((counts.get(connectionId) ?? 0) >= perConnection) throw full("this connection");
      if ((counts.get(tenantId) ?? 0) >= perTenant) throw full("this tenant's connections");
      for (const name of [connectionId, tenantId]) add(name, 1);
      return () => {
        for (const name of [connectionId, tenantId]) add(name, -1);
      };
    },
  };
}

function full(whose: string): ServiceError {
  return new ServiceError("rate_limited", `Too many proxied requests of ${whose} are under way.`, {
    retryAfterMs: SECOND,
  });
}
