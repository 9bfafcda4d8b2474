import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { refreshHealthSchema, refreshSeriesSchema } from "../../../src/api/routes/refreshes.ts";
import { ask } from "./ask.ts";

type RefreshSeries = z.infer<typeof refreshSeriesSchema>;
type RefreshHealth = z.infer<typeof refreshHealthSchema>;

/** The token requests of one step of time. */
export type Point = RefreshSeries["points"][number];
export type RefreshOutcomeName = keyof Point["outcomes"];
export type ProviderHealth = RefreshHealth["providers"][number];
export type ClientHealth = RefreshHealth["clients"][number];

export type Span = "hour" | "day" | "month";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const SPANS: Record<Span, { step: "minute" | "hour" | "day"; length: number }> = {
  hour: { step: "minute", length: HOUR },
  day: { step: "hour", length: 24 * HOUR },
  month: { step: "day", length: 30 * 24 * HOUR },
};

export function seriesQuery(span: Span) {
  const { step, length } = SPANS[span];
  return queryOptions({
    queryKey: ["refreshes", "series", span],
    queryFn: async ({ signal }) => {
      const to = Date.now();
      const from = new Date(to - length).toISOString();
      const query = { from, to: new Date(to).toISOString(), step };
      const { points } = await ask<RefreshSeries>("v1/refreshes/series", { query, signal });
      return points;
    },
    refetchInterval: MINUTE,
  });
}

export const healthQuery = queryOptions({
  queryKey: ["refreshes", "health"],
  queryFn: ({ signal }) => ask<RefreshHealth>("v1/refreshes/health", { signal }),
  refetchInterval: MINUTE,
});
