import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { rekeySchema } from "../../../src/api/rekey-view.ts";
import type { rootKeysSchema, tenantKeysSchema } from "../../../src/api/routes/keys.ts";
import { ask } from "./ask.ts";
import { queryClient } from "./query-client.ts";

export type RootKeys = z.infer<typeof rootKeysSchema>;
export type TenantKeys = z.infer<typeof tenantKeysSchema>;
export type Rekey = z.infer<typeof rekeySchema>;

const AT_WORK = 1000;

export const rootKeysQuery = queryOptions({
  queryKey: ["keys", "root"],
  queryFn: ({ signal }) => ask<RootKeys>("v1/keys/root", { signal }),
});

/** The versions of a tenant's key. What needs each is counted, so it is not asked for every second. */
export function tenantKeysQuery(tenant: string) {
  return queryOptions({
    queryKey: ["keys", "tenant", tenant],
    queryFn: ({ signal }) => ask<TenantKeys>(tenantPath(tenant), { signal }),
  });
}

/** How far a rekey is that is under way. */
export function rekeyQuery(tenant: string) {
  return queryOptions({
    queryKey: ["keys", "rekey", tenant],
    queryFn: async ({ signal }) => {
      const rekey = await ask<Rekey>(`${tenantPath(tenant)}/rekey`, { signal });
      if (rekey.finished_at !== null) {
        void queryClient.invalidateQueries({ queryKey: tenantKeysQuery(tenant).queryKey });
      }
      return rekey;
    },
    refetchInterval: ({ state }) => (state.data?.finished_at ? false : AT_WORK),
  });
}

/** Wraps every tenant key with the service's root key. */
export async function rotateRoot(): Promise<void> {
  await ask("v1/keys/root/rotate", { method: "POST" });
  await keysChanged();
}

export async function rotateTenantKey(tenant: string): Promise<void> {
  await ask(`${tenantPath(tenant)}/rotate`, { method: "POST" });
  await keysChanged();
}

export async function retireVersion(tenant: string, version: number): Promise<void> {
  await ask(`${tenantPath(tenant)}/versions/${version}/retire`, { method: "POST" });
  await keysChanged();
}

async function keysChanged(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: ["keys"] });
}

function tenantPath(tenant: string): string {
  return `v1/keys/tenants/${encodeURIComponent(tenant)}`;
}
