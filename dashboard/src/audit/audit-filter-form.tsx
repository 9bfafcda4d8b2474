import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { ChoiceFilter } from "../connections/choice-filter.tsx";
import { TextFilter } from "../connections/text-filter.tsx";
import { Button } from "../design/button.tsx";
import { TenantFilter } from "../tenants/tenant-filter.tsx";
import { ACTS } from "./act-words.ts";
import styles from "./audit-filter-form.module.css";
import { readAuditFilters, type AuditFilters } from "./filters.ts";

/** Everything that it says stands in the address, so that a view can be kept and sent. */
export function AuditFilterForm({ filters }: { filters: AuditFilters }) {
  const navigate = useNavigate();
  const set = useCallback(
    (change: AuditFilters) =>
      void navigate({
        to: "/audit",
        search: (before) => readAuditFilters({ ...before, ...change }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  return (
    <search className={styles["form"]}>
      <ChoiceFilter
        label="What"
        all="Everything"
        value={filters.act}
        choices={Object.entries(ACTS)}
        choose={(to) => set({ act: to })}
      />
      <TextFilter
        label="To what"
        hint="The whole id, such as con_…"
        value={filters.object ?? ""}
        commit={useCallback((text: string) => set({ object: text }), [set])}
      />
      <TextFilter
        label="Who"
        hint="The whole id of a key, or a subject"
        value={filters.actor ?? ""}
        commit={useCallback((text: string) => set({ actor: text }), [set])}
      />
      <TenantFilter tenant={filters.tenant} choose={(to) => set({ tenant: to })} />
      {Object.keys(filters).length > 0 && (
        <Button quiet onClick={() => void navigate({ to: "/audit", search: {} })}>
          Clear the filters
        </Button>
      )}
    </search>
  );
}
