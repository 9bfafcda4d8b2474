import { ServiceError } from "../runtime/service-error.ts";
import { DEFAULT_TENANT } from "./store.ts";
import type { CountedThing } from "./tenant.ts";
import type { TenantStore } from "./tenant-store.ts";

const NAMES: Record<CountedThing, string> = { clients: "clients", connections: "connections", apiKeys: "API keys" };

/**
 * Throws `limit_reached` when the tenant has as many of a thing as it may have. Those who ask at the same moment may all be let in:
 * the limit is there against what has gone wild, and nothing waits in a line for it.
 */
export async function requireRoom(
  tenants: Pick<TenantStore, "find" | "count">,
  tenantId: string,
  thing: CountedThing,
): Promise<void> {
  // The operator's own has no limits.
  if (tenantId === DEFAULT_TENANT) return;
  const most = (await tenants.find(tenantId))?.limits[thing] ?? null;
  if (most === null || (await tenants.count(tenantId, thing)) < most) return;
  throw new ServiceError(
    "limit_reached",
    `There may be ${most} ${NAMES[thing]} here, and there are. Remove one that is not needed, or ask the operator for more.`,
    { whoActs: "operator" },
  );
}
