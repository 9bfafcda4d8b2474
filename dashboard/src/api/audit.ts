import { infiniteQueryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { auditEntrySchema } from "../../../src/api/routes/audit.ts";
import type { AuditFilters } from "../audit/filters.ts";
import { ask } from "./ask.ts";

export type AuditEntry = z.infer<typeof auditEntrySchema>;

interface AuditPage {
  entries: AuditEntry[];
  next_before: number | null;
}

const PAGE = 50;

export function auditQuery(filters: AuditFilters) {
  return infiniteQueryOptions({
    queryKey: ["audit", filters],
    queryFn: ({ pageParam, signal }) =>
      ask<AuditPage>("v1/audit", { query: { ...filters, limit: PAGE, before: pageParam ?? undefined }, signal }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_before,
  });
}
