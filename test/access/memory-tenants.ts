import { NO_LIMITS, type Tenant } from "../../src/access/tenant.ts";

/** A tenant that nothing is said of. */
function tenantOf(id: string, change: Partial<Tenant> = {}): Tenant {
  return { id, name: id, publicUrl: null, limits: NO_LIMITS, createdAt: 0, closedAt: null, ...change };
}

/** Every tenant that is asked for, as `change` says. */
export function createMemoryTenants(change: Partial<Tenant> = {}) {
  return { find: (id: string) => Promise.resolve<Tenant | null>(tenantOf(id, change)) };
}
