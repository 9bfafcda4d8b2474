import { infiniteQueryOptions, queryOptions, skipToken, type InfiniteData, type Query } from "@tanstack/react-query";
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

/** A page and when it was asked for, which every change since then is missing from. */
interface PageOfThen extends ConnectionPage {
  askedAt: number;
}

const PAGE = 200;

/** A list of so many pages is asked for again as a whole; a longer one says that it is of before. */
const FEW_PAGES = 3;

/** Pages of a list that may be a hundred thousand rows long. It is stale only when something changed. */
export function connectionsQuery(filters: ConnectionFilters) {
  return infiniteQueryOptions({
    queryKey: ["connections", filters],
    queryFn: async ({ pageParam, signal }): Promise<PageOfThen> => {
      const askedAt = Date.now();
      const query = { limit: PAGE, after: pageParam ?? undefined, ...filters };
      return { ...(await ask<ConnectionPage>("v1/connections", { query, signal })), askedAt };
    },
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

/** When a connection last became another, as far as this page was told. */
export const changedAtQuery = queryOptions<number>({ queryKey: ["connections-changed-at"], queryFn: skipToken });

/** Some connection is not what it was before that time. Lists of a few pages are asked for again. */
export async function connectionsChanged(at: number): Promise<void> {
  queryClient.setQueryData(changedAtQuery.queryKey, at);
  const lists = { queryKey: ["connections"], predicate: ({ state }: Query) => isOlder(listIn(state.data), at) };
  await queryClient.invalidateQueries({ ...lists, refetchType: "none" });
  await queryClient.refetchQueries({
    ...lists,
    type: "active",
    predicate: ({ state }) => isOlder(listIn(state.data), at) && pagesOf(listIn(state.data)) <= FEW_PAGES,
  });
}

/** Whether the list, or the first part of it, is of before that time. */
export function isOlder(list: InfiniteData<PageOfThen> | undefined, at: number): boolean {
  return (list?.pages[0]?.askedAt ?? 0) <= at;
}

function listIn(data: unknown): InfiniteData<PageOfThen> | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is kept under this key
  return data as InfiniteData<PageOfThen> | undefined;
}

function pagesOf(data: InfiniteData<ConnectionPage> | undefined): number {
  return data?.pages.length ?? 0;
}
