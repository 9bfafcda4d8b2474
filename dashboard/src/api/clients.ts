import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ask } from "./ask.ts";
import type { Client, ClientChange, NewClient } from "./client-shapes.ts";
import { queryClient } from "./query-client.ts";

interface ClientPage {
  clients: Client[];
  next_after: string | null;
}

const PAGE = 100;

export const clientsQuery = infiniteQueryOptions({
  queryKey: ["clients"],
  queryFn: ({ pageParam, signal }) =>
    ask<ClientPage>("v1/clients", { query: { limit: PAGE, after: pageParam ?? undefined }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_after,
});

export function clientQuery(id: string) {
  return queryOptions({
    queryKey: ["client", id],
    queryFn: ({ signal }) => ask<Client>(clientPath(id), { signal }),
  });
}

export async function addClient(body: NewClient): Promise<Client> {
  const added = await ask<Client>("v1/clients", { method: "POST", body });
  await clientsChanged();
  return added;
}

export async function changeClient(id: string, body: ClientChange): Promise<void> {
  await ask(clientPath(id), { method: "PATCH", body });
  await clientsChanged();
}

export async function deleteClient(id: string): Promise<void> {
  await ask(clientPath(id), { method: "DELETE" });
  queryClient.removeQueries({ queryKey: ["client", id] });
  await clientsChanged();
}

/** Some client, or a secret of one, is not what it was. */
export async function clientsChanged(): Promise<void> {
  await Promise.all(["clients", "client", "choices"].map((key) => queryClient.invalidateQueries({ queryKey: [key] })));
}

export function clientPath(id: string): string {
  return `v1/clients/${encodeURIComponent(id)}`;
}
