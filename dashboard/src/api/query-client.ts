import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, isNobody } from "./problem.ts";

/** What a wrong request gets will not change by asking again; what passes is asked for again. */
const PASSING: ReadonlySet<string> = new Set(["unreachable", "store_unavailable", "key_unavailable", "rate_limited"]);

/** A session that is over leads to the sign-in, whatever was asked for. */
const onError = (error: Error): void => {
  if (isNobody(error)) forgetSession();
};

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: (failures, error) => failures < 3 && error instanceof ApiError && PASSING.has(error.code),
    },
    mutations: { retry: false },
  },
});

/** Nobody is signed in from now on, and whoever comes next sees nothing that the last one saw. */
export function forgetSession(): void {
  queryClient.setQueryData(["session"], null);
  queryClient.removeQueries({ predicate: ({ queryKey: [first] }) => first !== "session" });
}
