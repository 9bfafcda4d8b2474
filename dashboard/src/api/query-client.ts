import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./problem.ts";

/** What a wrong request gets will not change by asking again; what passes is asked for again. */
const PASSING: ReadonlySet<string> = new Set(["unreachable", "store_unavailable", "key_unavailable", "rate_limited"]);

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: (failures, error) => failures < 3 && error instanceof ApiError && PASSING.has(error.code),
    },
    mutations: { retry: false },
  },
});
