import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { installationSchema } from "../../../src/api/routes/installation.ts";
import { ApiError } from "./problem.ts";
import { ask } from "./ask.ts";

export type Installation = z.infer<typeof installationSchema>;

export const installationQuery = queryOptions({
  queryKey: ["installation"],
  queryFn: ({ signal }) => ask<Installation>("v1/installation", { signal }),
  staleTime: Infinity,
});

/** Whether the service can work: its store answers and its keys open. Else why not. */
export const readyQuery = queryOptions({
  queryKey: ["ready"],
  queryFn: async ({ signal }): Promise<ApiError | "ok"> => {
    try {
      await ask("readyz", { signal });
      return "ok";
    } catch (error) {
      if (error instanceof ApiError) return error;
      throw error;
    }
  },
  refetchInterval: 30_000,
});
