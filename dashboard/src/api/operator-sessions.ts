import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { operatorSessionSchema } from "../../../src/api/routes/operator-sessions.ts";
import { ask } from "./ask.ts";
import { queryClient } from "./query-client.ts";

export type OperatorSession = z.infer<typeof operatorSessionSchema>;

export const operatorSessionsQuery = queryOptions({
  queryKey: ["operator-sessions"],
  // The token that comes with them is this page's own, and known already.
  queryFn: async ({ signal }) =>
    (await ask<{ operator_sessions: OperatorSession[] }>("v1/operator-sessions", { signal })).operator_sessions,
});

export async function endSession(id: string): Promise<void> {
  await ask(`v1/operator-sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
  await queryClient.invalidateQueries({ queryKey: operatorSessionsQuery.queryKey });
}
