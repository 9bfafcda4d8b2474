import { queryOptions, useQuery } from "@tanstack/react-query";
import type { z } from "zod";
import type { clientSchema } from "../../../src/api/client-view.ts";
import type { tenantSchema } from "../../../src/api/tenant-view.ts";
import { ask } from "./ask.ts";

const MOST = 200;

interface ClientPage {
  clients: z.infer<typeof clientSchema>[];
  next_after: string | null;
}

interface TenantPage {
  tenants: z.infer<typeof tenantSchema>[];
  next_after: string | null;
}

/** The clients to choose from; `next_after` says that there are more than anybody would look through. */
export const clientChoicesQuery = queryOptions({
  queryKey: ["choices", "clients"],
  queryFn: ({ signal }) => ask<ClientPage>("v1/clients", { query: { limit: MOST }, signal }),
  staleTime: 60_000,
});

/** For operators who are let into all tenants. */
export const tenantChoicesQuery = queryOptions({
  queryKey: ["choices", "tenants"],
  queryFn: ({ signal }) => ask<TenantPage>("v1/tenants", { query: { limit: MOST }, signal }),
  staleTime: 60_000,
});

/** What people know a client by, as far as it is among the choices; else its id. */
export function useClientName<Id extends string | null>(id: Id): Id | string {
  const { data } = useQuery(clientChoicesQuery);
  const client = data?.clients.find((each) => each.id === id);
  return client ? `${client.provider}, ${client.client_id}` : id;
}
