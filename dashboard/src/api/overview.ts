import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { overviewSchema } from "../../../src/api/routes/overview.ts";
import { ask } from "./ask.ts";

export type Overview = z.infer<typeof overviewSchema>;

export const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: ({ signal }) => ask<Overview>("v1/overview", { signal }),
});
