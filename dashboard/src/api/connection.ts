import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { connectionDetailSchema, historySchema, policySchema } from "../../../src/api/connection-view.ts";
import type { readsSchema } from "../../../src/api/routes/token-reads.ts";
import { ask } from "./ask.ts";
import type { Connection } from "./connections.ts";
import { queryClient } from "./query-client.ts";

export type ConnectionDetail = z.infer<typeof connectionDetailSchema>;
export type HistoryEntry = z.infer<typeof historySchema>;
export type Policy = z.infer<typeof policySchema>;
export type TokenReads = z.infer<typeof readsSchema>;

export type ConnectionChange = Partial<Pick<ConnectionDetail, "labels" | "policy">>;

const HISTORY_PAGE = 25;
const DAY = 86_400_000;

export function connectionQuery(id: string) {
  return queryOptions({
    queryKey: ["connection", id],
    queryFn: ({ signal }) => ask<ConnectionDetail>(pathOf(id), { signal }),
  });
}

export function historyQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: ["connection", id, "history"],
    queryFn: ({ pageParam, signal }) =>
      ask<{ history: HistoryEntry[] }>(`${pathOf(id)}/history`, {
        query: { limit: HISTORY_PAGE, before: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as number | null,
    getNextPageParam: ({ history }) => (history.length < HISTORY_PAGE ? null : (history.at(-1)?.id ?? null)),
  });
}

/** Who was handed its access token in the last seven days. */
export function readsQuery(id: string) {
  return queryOptions({
    queryKey: ["connection", id, "reads"],
    queryFn: ({ signal }) =>
      ask<{ reads: TokenReads[] }>(`${pathOf(id)}/reads`, {
        query: { from: new Date(Date.now() - 7 * DAY).toISOString() },
        signal,
      }),
  });
}

export async function changeConnection(id: string, change: ConnectionChange): Promise<void> {
  queryClient.setQueryData(
    connectionQuery(id).queryKey,
    await ask<ConnectionDetail>(pathOf(id), { method: "PATCH", body: change }),
  );
}

/** How the connection is afterwards; of a later generation where the provider gave new tokens. */
export async function refreshConnection(id: string): Promise<ConnectionDetail> {
  return act<ConnectionDetail>("POST", id, "/refresh");
}

/** Whether the provider says that it works, and by what that was found; null where it could not be proven. */
export async function checkConnection(id: string): Promise<Proof> {
  return act<Proof>("POST", id, "/check");
}

interface Proof {
  connection: Connection;
  proven_by: "userinfo" | "refresh" | null;
}

/** Tries the refresh token of a connection that is held since the database was restored. */
export async function releaseConnection(id: string): Promise<void> {
  await act("POST", id, "/release");
}

export async function disconnect(id: string): Promise<void> {
  await act("DELETE", id);
}

/** Whoever holds it can sign in for the connection's user, so it is made when it is asked for and kept nowhere. */
export async function reauthorizationLink(id: string): Promise<ReauthorizationLink> {
  return ask<ReauthorizationLink>(`${pathOf(id)}/reauthorization-link`, { method: "POST", body: {} });
}

export interface ReauthorizationLink {
  url: string;
  expires_at: string;
}

export async function revokeLinks(id: string): Promise<void> {
  await act("DELETE", id, "/reauthorization-link");
}

/** Whatever came of it, the connection may be another one afterwards. */
async function act<T>(method: "POST" | "DELETE", id: string, path = ""): Promise<T> {
  try {
    return await ask<T>(pathOf(id) + path, { method });
  } finally {
    await queryClient.invalidateQueries({ queryKey: ["connection", id] });
  }
}

function pathOf(id: string): string {
  return `v1/connections/${encodeURIComponent(id)}`;
}
