import { PROBE_INTERVAL, type Client } from "../client/client.ts";
import type { Cause } from "../connection/cause.ts";
import { isLive } from "../connection/connection.ts";
import type { Snapshot } from "../connection/store.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { lifeLeft, restUntil } from "./due.ts";
import { prepareExchange } from "./exchange.ts";
import type { RefreshPorts } from "./ports.ts";
import type { RefreshRequest, RefreshResult } from "./request.ts";
import { endWithoutRefreshToken, postpone, settle } from "./settle.ts";
import { createSingleFlight } from "./single-flight.ts";

export interface Refresher {
  /**
   * Refreshes once, together with everybody who asks meanwhile. The exchange is detached from its callers: who stops waiting
   * does not stop it. Rejects only when the store or the key cannot be used; nothing is lost then.
   */
  refresh(request: RefreshRequest): Promise<RefreshResult>;
  /** Resolves when everything that was sent is answered and stored; call after nothing new is started. */
  drain(): Promise<void>;
}

export function createRefresher(ports: RefreshPorts): Refresher {
  const flights = createSingleFlight<RefreshResult>();
  return {
    refresh: (request) => flights.run(request.connectionId, () => refreshOnce(ports, request)),
    drain: async () => {
      await Promise.allSettled(flights.inFlight());
    },
  };
}

async function refreshOnce(ports: RefreshPorts, request: RefreshRequest): Promise<RefreshResult> {
  const held = await ports.connections.snapshot(request.connectionId);
  if (!held) throw new ServiceError("not_found", "There is no such connection.");
  if (!isLive(held.connection.status)) return { kind: "ended" };
  if (held.tokens.generation > request.generation) return { kind: "renewed" };
  if (!held.tokens.sealedRefreshToken) {
    return lifeLeft(held.tokens, ports.clock.now()) > 0 ? { kind: "unchanged" } : endWithoutRefreshToken(ports, held);
  }
  const client = await ports.clients.find(held.connection.clientId);
  if (!client) throw new ServiceError("internal", "The client of this connection is gone.");
  return (await reasonToWait(ports, held, client)) ?? attempt(ports, held, client, request.origin);
}

async function attempt(
  ports: RefreshPorts,
  held: Snapshot,
  client: Client,
  origin: RefreshRequest["origin"],
): Promise<RefreshResult> {
  const prepared = await prepareExchange(ports, held, client).catch(whyNotReady);
  if ("cause" in prepared) return postpone(ports, held, { ...prepared, lost: false, retryAfterMs: null });
  const { connection, tokens } = held;
  if ((await ports.connections.claim(connection.id, tokens.generation)) === "moved") return { kind: "renewed" };
  return settle(ports, { held, client, origin, refreshToken: prepared.refreshToken, ...(await prepared.send()) });
}

/** Nothing was sent, for a reason that an operator can mend: the connection waits and stays as it is. */
function whyNotReady(error: unknown): { cause: Cause; code: string } {
  if (error instanceof ServiceError) {
    const { code } = error;
    if (code === "key_unavailable") return { cause: "key_unavailable", code };
    if (code === "client_suspended") return { cause: "client_secret_rejected", code };
    if (code === "unknown_provider") return { cause: "network_policy", code };
  }
  throw error;
}

/** Why nothing may be sent now: the last attempt failed or was in vain just now, or the provider refuses the client. */
async function reasonToWait(ports: RefreshPorts, held: Snapshot, client: Client): Promise<RefreshResult | null> {
  const now = ports.clock.now();
  const { lease } = held;
  if (lease.backoffUntil > now) {
    return { kind: "retry_later", cause: lease.cause ?? "provider_unavailable", retryAt: lease.backoffUntil };
  }
  const rest = restUntil(held.tokens, held.tokens.origin);
  if (rest > now) return { kind: "retry_later", cause: "provider_response_unrecognised", retryAt: rest };
  const { suspension } = client;
  if (!suspension) return null;
  const probes = suspension.probeAt <= now && (await ports.clients.claimProbe(client.id, now + PROBE_INTERVAL));
  const retryAt = Math.max(suspension.probeAt, now + PROBE_INTERVAL / 2);
  return probes ? null : { kind: "client_suspended", cause: suspension.cause, retryAt };
}
