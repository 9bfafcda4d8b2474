import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { currentSessionSchema } from "../../../src/api/routes/operator-sessions.ts";
import { ask, rememberCsrfToken } from "./ask.ts";
import { isNobody } from "./problem.ts";
import { forgetSession, queryClient } from "./query-client.ts";

export type Session = z.infer<typeof currentSessionSchema>;

/** Who is signed in here; null for nobody. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      const current = await ask<Session>("v1/operator-sessions/current", { signal });
      rememberCsrfToken(current.csrf_token);
      return current;
    } catch (error) {
      if (isNobody(error)) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

/** Opens a session with an API key, which is not kept. */
export async function signInWithKey(key: string): Promise<void> {
  await ask("v1/operator-sessions", { method: "POST", key });
  await queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
}

/** Also where the session was over already. */
export async function signOut(): Promise<void> {
  await ask("v1/operator-sessions/current", { method: "DELETE" }).catch((error: unknown) => {
    if (!isNobody(error)) throw error;
  });
  rememberCsrfToken(null);
  forgetSession();
}
