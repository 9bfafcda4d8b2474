import type { TenantStore } from "../access/tenant-store.ts";
import type { Refresher } from "../refresh/refresh.ts";
import type { RefreshPorts } from "../refresh/ports.ts";
import type { Secret } from "../runtime/secret.ts";
import type { ConnectSessionStore } from "./connect-session.ts";

/** Connections on their way from one client to another, which their users' next consent will be for. */
export interface ClientMoves {
  /** Our id of the client that a connection moves to; null for one that stays. */
  destinationOf(connectionId: string): Promise<string | null>;
}

/** Everything outside that connecting touches. */
export interface ConnectPorts extends RefreshPorts {
  sessions: ConnectSessionStore;
  refresher: Refresher;
  moves: ClientMoves;
  tenants: Pick<TenantStore, "find" | "count" | "hasHost">;
  /** Where browsers reach the service for a tenant, as far as that is in memory. */
  addressOfTenant(tenantId: string): string;
  /** Signs reauthorization links. */
  linkKey: Secret<Uint8Array>;
  /** Names imported refresh tokens. */
  seedKey: Secret<Uint8Array>;
}
