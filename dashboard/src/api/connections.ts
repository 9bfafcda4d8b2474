import { infiniteQueryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { connectionSchema, statusSchema } from "../../../src/api/connection-view.ts";
import type { ConnectionFilters } from "../connections/filters.ts";
import { ask } from "./ask.ts";

export type Connection = z.infer<typeof connectionSchema>;
export type ConnectionStatus = z.infer<typeof statusSchema>;

interface ConnectionPage {
  connections: Connection[];
  next_after: string | null;
}

const PAGE = 100;

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
  });
}
