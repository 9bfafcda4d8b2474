import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { incidentSchema } from "../../../src/api/incident-view.ts";
import { ask } from "./ask.ts";

export type Incident = z.infer<typeof incidentSchema>;

interface IncidentPage {
  incidents: Incident[];
  next_before: string | null;
}

/** The newest of those that nobody has taken up or put right. */
export const openIncidentsQuery = queryOptions({
  queryKey: ["incidents", "open", "newest"],
  queryFn: ({ signal }) => ask<IncidentPage>("v1/incidents", { query: { state: "open", limit: 5 }, signal }),
});
