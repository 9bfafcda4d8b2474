import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { sessionView, startedView } from "../../../src/api/routes/connect-sessions.ts";
import { ask } from "./ask.ts";

export type ConnectSession = z.infer<typeof sessionView>;
export type StartedConnectSession = z.infer<typeof startedView>;

const WAITING = 1500;

const OVER: ReadonlySet<ConnectSession["status"]> = new Set(["completed", "failed", "expired"]);

export async function startConnectSession(body: { client: string; end_user?: string }): Promise<StartedConnectSession> {
  return ask<StartedConnectSession>("v1/connect-sessions", { method: "POST", body });
}

/** Where it stands, again and again until it is over. */
export function connectSessionQuery(id: string) {
  return queryOptions({
    queryKey: ["connect-session", id],
    queryFn: ({ signal }) => ask<ConnectSession>(`v1/connect-sessions/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }) => (state.data && OVER.has(state.data.status) ? false : WAITING),
    // Its user signs in in another tab.
    refetchIntervalInBackground: true,
  });
}
