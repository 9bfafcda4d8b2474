import { infiniteQueryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { memberSchema } from "../../../src/api/incident-view.ts";
import { ask } from "./ask.ts";
import type { Incident } from "./open-incidents.ts";
import { queryClient } from "./query-client.ts";

export type IncidentMember = z.infer<typeof memberSchema>;

interface IncidentPage {
  incidents: Incident[];
  next_before: string | null;
}

interface IncidentDetailPage extends Incident {
  members: IncidentMember[];
  next_after: string | null;
}

const PAGE = 25;

/** Connections become well one by one, and nobody tells of each that its incident has one less. */
const LOOK = 10_000;

/** Those in a state, newest first; of the own tenant unless an operator names another. */
export function incidentsQuery(state: Incident["state"], tenant: string | undefined) {
  return infiniteQueryOptions({
    queryKey: ["incidents", state, tenant ?? null],
    queryFn: ({ pageParam, signal }) =>
      ask<IncidentPage>("v1/incidents", {
        query: { state, tenant, limit: PAGE, before: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
    refetchInterval: ({ state: { data } }) => (data?.pages.length === 1 && state !== "resolved" ? LOOK : false),
  });
}

/** The incident with each page of the connections in it. */
export function incidentQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: ["incident", id],
    queryFn: ({ pageParam, signal }) =>
      ask<IncidentDetailPage>(pathOf(id), { query: { limit: PAGE, after: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_after,
    // More pages are looked at by somebody who reads.
    refetchInterval: ({ state: { data } }) =>
      data?.pages.length === 1 && data.pages[0]?.state !== "resolved" ? LOOK : false,
  });
}

export async function acknowledge(id: string): Promise<void> {
  await ask(`${pathOf(id)}/acknowledge`, { method: "POST" });
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["incident", id] }),
    queryClient.invalidateQueries({ queryKey: ["incidents"] }),
  ]);
}

function pathOf(id: string): string {
  return `v1/incidents/${encodeURIComponent(id)}`;
}
