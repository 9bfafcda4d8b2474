import type { CountedThing, Tenant, TenantLimits } from "./tenant.ts";

export type NewTenant = Pick<Tenant, "id" | "name" | "publicUrl" | "limits">;

/** What is left out stays as it is. */
export interface TenantChanges {
  name?: string;
  address?: NewAddress;
  limits?: Partial<TenantLimits>;
}

/** Another public URL. */
export interface NewAddress {
  publicUrl: string | null;
  /**
   * What becomes of clients that went by the former one: `keep` makes that their own, so that what is registered at their providers
   * stays right; `change` has all clients of the tenant go by the new one.
   */
  redirectUris: "keep" | "change";
  /** Where browsers reach the installation, which is the former one of a tenant that had none. */
  installationUrl: string;
}

export interface EndedConnections {
  count: number;
  /** The last that was ended; null when there is none after it. */
  last: string | null;
}

/** Tenants but those that were deleted. */
export interface TenantStore {
  create(tenant: NewTenant): Promise<void>;
  find(id: string): Promise<Tenant | null>;
  /** By id, which is by age; only ids after `after`. */
  list(page: { limit: number; after: string | null }): Promise<Tenant[]>;
  /** False when there is no such tenant, or its deletion has begun. */
  change(id: string, changes: TenantChanges): Promise<boolean>;
  count(id: string, thing: CountedThing): Promise<number>;
  /** Whether a tenant or a client has an address at this host, which is written as in a URL. */
  hasHost(host: string): Promise<boolean>;

  /**
   * Begins a deletion, or goes on with one: revokes all API keys, ends all connect sessions, and takes no new connections. Returns
   * the ids of the keys.
   */
  close(id: string): Promise<string[]>;
  /**
   * Disconnects the next connections of a tenant that is closed, without asking anybody, and deletes their histories and whose
   * accounts they were. Ended ones are passed over.
   */
  endConnections(id: string, page: { limit: number; after: string | null }): Promise<EndedConnections>;
  /** Nothing is left to do. From now on there is no such tenant. */
  finishDeletion(id: string): Promise<void>;
}
