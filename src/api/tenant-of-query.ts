import { z } from "zod";
import type { Caller } from "../access/authenticator.ts";
import { DEFAULT_TENANT } from "../access/store.ts";
import { ServiceError } from "../runtime/service-error.ts";

/** A parameter of routes that show a tenant's things. */
export const tenantParam = z
  .string()
  .max(300)
  .optional()
  .describe("Whose; the caller's own unless given. Others only for keys of the first tenant");

/** The operator sees every tenant's things. A foreign tenant is answered like one that does not exist. */
export function tenantOf(wanted: string | undefined, caller: Caller): string {
  if (wanted === undefined || wanted === caller.tenantId || caller.tenantId === DEFAULT_TENANT) {
    return wanted ?? caller.tenantId;
  }
  throw new ServiceError("not_found", "There is no such tenant.");
}
