import type { Tenant } from "./tenant.ts";
import type { TenantStore } from "./tenant-store.ts";

/** Tenants as they were seen last. */
export interface Tenants {
  /** Reads it anew. Null where there is none, or none any more. */
  find(id: string): Promise<Tenant | null>;
  /** From memory alone. Whoever calls had its tenant read within the last five seconds. */
  recall(id: string): Tenant | undefined;
}

const MOST = 10_000;

export function createTenants(store: Pick<TenantStore, "find">): Tenants {
  const known = new Map<string, Tenant>();
  return {
    find: async (id) => {
      const tenant = await store.find(id);
      known.delete(id);
      if (known.size >= MOST) known.clear();
      if (tenant) known.set(id, tenant);
      return tenant;
    },
    recall: (id) => known.get(id),
  };
}
