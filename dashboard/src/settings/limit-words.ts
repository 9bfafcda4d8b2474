import type { TenantLimits } from "../api/tenants.ts";

/** The limits that a tenant can have, and of what. */
export const LIMITS = [
  ["clients", "Clients"],
  ["connections", "Connections"],
  ["api_keys", "API keys"],
  ["connect_sessions_per_hour", "Connect sessions an hour"],
  ["requests_per_minute", "Requests a minute"],
] as const satisfies readonly (readonly [keyof TenantLimits, string])[];
