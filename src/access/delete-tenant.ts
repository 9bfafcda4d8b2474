import type { Observer } from "../runtime/observer.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { Authenticator } from "./authenticator.ts";
import type { KeyStore } from "./key-store.ts";
import { DEFAULT_TENANT } from "./store.ts";
import type { TenantStore } from "./tenant-store.ts";

export interface DeleteTenantDeps {
  tenants: TenantStore;
  keys: Pick<KeyStore, "shred">;
  /** Opened keys. */
  keyring: { forget(tenantId: string): void };
  authenticator: Pick<Authenticator, "forget">;
  observer: Observer;
}

/** What a deletion came to. */
export interface DeletedTenant {
  apiKeys: number;
  connections: number;
  /** Versions of its key. */
  keys: number;
}

const AT_ONCE = 200;

/**
 * Deletes a tenant for good. First nothing is let in; then its connections end, so that nothing of it is sent any more; then its keys
 * are deleted, and with them all that they sealed, wherever a copy may be. What was on its way at the beginning is ended after that.
 * Cut short, it is gone on with by asking again. The providers are told nothing. Throws `not_found`, `conflict` for the operator's
 * own, and `invalid_request` when `confirm` is not its name.
 */
export async function deleteTenant(
  deps: DeleteTenantDeps,
  { id, confirm }: { id: string; confirm: string },
): Promise<DeletedTenant> {
  const { tenants, observer } = deps;
  const tenant = await tenants.find(id);
  if (!tenant) throw new ServiceError("not_found", "There is no such tenant.");
  if (id === DEFAULT_TENANT) throw new ServiceError("conflict", "This is the operator's own tenant, and stays.");
  if (confirm !== tenant.name) {
    throw new ServiceError("invalid_request", "confirm: has to be the name of the tenant that is to be deleted.");
  }
  const revoked = await tenants.close(id);
  for (const keyId of revoked) deps.authenticator.forget(keyId);
  const connections = await endConnections(tenants, id);
  const keys = await deps.keys.shred(id);
  deps.keyring.forget(id);
  const late = await endConnections(tenants, id);
  await tenants.finishDeletion(id);
  const deleted = { apiKeys: revoked.length, connections: connections + late, keys };
  observer.event("tenant.deleted", { tenantId: id, ...deleted });
  return deleted;
}

async function endConnections(tenants: TenantStore, id: string): Promise<number> {
  let count = 0;
  for (let after: string | null = null; ;) {
    const ended = await tenants.endConnections(id, { limit: AT_ONCE, after });
    count += ended.count;
    if (ended.last === null) return count;
    after = ended.last;
  }
}
