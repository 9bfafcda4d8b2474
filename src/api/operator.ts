import { permits, type Caller } from "../access/authenticator.ts";
import { DEFAULT_TENANT } from "../access/store.ts";
import type { TenantStore } from "../access/tenant-store.ts";
import { ServiceError } from "../runtime/service-error.ts";

/** The operator's keys are those of the first tenant. Throws `forbidden` for others, with what only the operator may do. */
export function requireOperator(caller: Caller, sentence: string): void {
  if (caller.tenantId !== DEFAULT_TENANT) throw new ServiceError("forbidden", sentence);
}

/** The same, and with the scope `admin`. */
export function requireOperatorsAdmin(caller: Caller, sentence: string): void {
  requireOperator(caller, sentence);
  if (!permits(caller, "admin")) throw new ServiceError("forbidden", `${sentence} It needs the scope "admin".`);
}

/**
 * The tenant that something is made for: the caller's own, or the one that is named, which an administrator of the operator may do.
 * Throws `not_found` for one that is foreign, unknown, or about to be deleted.
 */
export async function tenantToActFor(
  tenants: Pick<TenantStore, "find">,
  caller: Caller,
  named: string | undefined,
): Promise<string> {
  if (named === undefined || named === caller.tenantId) return caller.tenantId;
  if (caller.tenantId === DEFAULT_TENANT) {
    requireOperatorsAdmin(caller, "Something for another tenant is made by the operator's administrators.");
    const tenant = await tenants.find(named);
    if (tenant?.closedAt === null) return tenant.id;
  }
  throw new ServiceError("not_found", "There is no such tenant.");
}
