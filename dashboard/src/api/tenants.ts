import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { tenantDetailSchema, tenantSchema } from "../../../src/api/tenant-view.ts";
import { ask } from "./ask.ts";
import { queryClient } from "./query-client.ts";

export type Tenant = z.infer<typeof tenantSchema>;
export type TenantDetail = z.infer<typeof tenantDetailSchema>;
export type TenantLimits = Tenant["limits"];

interface TenantPage {
  tenants: Tenant[];
  next_after: string | null;
}

const PAGE = 50;

export const tenantsQuery = infiniteQueryOptions({
  queryKey: ["tenants"],
  queryFn: ({ pageParam, signal }) =>
    ask<TenantPage>("v1/tenants", { query: { limit: PAGE, after: pageParam ?? undefined }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_after,
});

/** With how much it has. */
export function tenantQuery(id: string) {
  return queryOptions({
    queryKey: ["tenant", id],
    queryFn: ({ signal }) => ask<TenantDetail>(pathOf(id), { signal }),
  });
}

export async function addTenant(name: string): Promise<void> {
  await ask("v1/tenants", { method: "POST", body: { name } });
  await lookAgain();
}

export async function changeLimits(id: string, limits: TenantLimits): Promise<void> {
  const changed = await ask<TenantDetail>(pathOf(id), { method: "PATCH", body: { limits } });
  queryClient.setQueryData(tenantQuery(id).queryKey, changed);
  await lookAgain();
}

function pathOf(id: string): string {
  return `v1/tenants/${encodeURIComponent(id)}`;
}

async function lookAgain(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: tenantsQuery.queryKey }),
    queryClient.invalidateQueries({ queryKey: ["choices", "tenants"] }),
  ]);
}
