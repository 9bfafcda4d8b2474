/** A customer organisation: its clients, connections and API keys are kept apart from those of others, and sealed by its own keys. */
export interface Tenant {
  id: string;
  name: string;
  /** Where its users' browsers reach the service, as an origin; null for where they reach the installation. */
  publicUrl: string | null;
  limits: TenantLimits;
  createdAt: number;
  /** When its deletion began: nothing is let in any more, and the rest is on its way. */
  closedAt: number | null;
}

/** Null where there is none. */
export interface TenantLimits {
  clients: number | null;
  /** Those that are not disconnected. */
  connections: number | null;
  /** Those that live. */
  apiKeys: number | null;
  connectSessionsPerHour: number | null;
  /** Of all its API keys together. */
  requestsPerMinute: number | null;
}

export const NO_LIMITS: TenantLimits = {
  clients: null,
  connections: null,
  apiKeys: null,
  connectSessionsPerHour: null,
  requestsPerMinute: null,
};

/** What a tenant has a number of. */
export type CountedThing = "clients" | "connections" | "apiKeys";
