import { infiniteQueryOptions, queryOptions, type InfiniteData, type Query } from "@tanstack/react-query";
import type { z } from "zod";
import type { connectionSchema, statusSchema } from "../../../src/api/connection-view.ts";
import type { ConnectionFilters } from "../connections/filters.ts";
import { ask } from "./ask.ts";
import { queryClient } from "./query-client.ts";

export type Connection = z.infer<typeof connectionSchema>;
export type ConnectionStatus = z.infer<typeof statusSchema>;

interface ConnectionPage {
  connections: Connection[];
  next_after: string | null;
}

const PAGE = 200;

/** A list of so many pages is asked for again as a whole; a longer one says that it is of before. */
const FEW_PAGES = 3;

/** Pages of a list that may be a hundred thousand rows long. It is stale only when something changed. */
export function connectionsQuery(filters: ConnectionFilters) {
  return infiniteQueryOptions({
    queryKey: ["connections", filters],
    queryFn: ({ pageParam, signal }) =>
      ask<ConnectionPage>("v1/connections", {
        query: { limit: PAGE, after: pageParam ?? undefined, ...filters },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_after,
    staleTime: Infinity,
    refetchOnMount: (query) => pagesOf(query.state.data) <= FEW_PAGES,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    // All pages would be compared for each that comes.
    structuralSharing: false,
  });
}

/** A few of a client that nothing is wrong with. */
export async function workingConnections(client: string, limit: number): Promise<Connection[]> {
  const page = await ask<ConnectionPage>("v1/connections", { query: { client, status: "active", limit } });
  return page.connections;
}

/** Whether anybody has ever signed in with the client. */
export function hasConnectionsQuery(client: string) {
  return queryOptions({
    queryKey: ["client", client, "has-connections"],
    queryFn: async ({ signal }) => {
      const page = await ask<ConnectionPage>("v1/connections", { query: { client, limit: 1 }, signal });
      return page.connections.length > 0;
    },
  });
}

/** Some connection is not what it was. */
export async function connectionsChanged(): Promise<void> {
  const lists = { queryKey: ["connections"] };
  await queryClient.invalidateQueries({ ...lists, refetchType: "none" });
  await queryClient.refetchQueries({ ...lists, type: "active", predicate: isShort });
}

function isShort({ state }: Query): boolean {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is kept under this key
  return pagesOf(state.data as InfiniteData<ConnectionPage> | undefined) <= FEW_PAGES;
}

function pagesOf(data: InfiniteData<ConnectionPage> | undefined): number {
  return data?.pages.length ?? 0;
}
