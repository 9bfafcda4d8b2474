import type { TenantStore } from "../access/tenant-store.ts";
import type { Refresher } from "../refresh/refresh.ts";
import type { RefreshPorts } from "../refresh/ports.ts";
import type { Secret } from "../runtime/secret.ts";
import type { ConnectSessionStore } from "./connect-session.ts";

/** Everything outside that connecting touches. */
export interface ConnectPorts extends RefreshPorts {
  sessions: ConnectSessionStore;
  refresher: Refresher;
  tenants: Pick<TenantStore, "find" | "count" | "hasHost">;
  /** Where browsers reach the service for a tenant, as far as that is in memory. */
  addressOfTenant(tenantId: string): string;
  /** Signs reauthorization links. */
  linkKey: Secret<Uint8Array>;
  /** Names imported refresh tokens. */
  seedKey: Secret<Uint8Array>;
}
