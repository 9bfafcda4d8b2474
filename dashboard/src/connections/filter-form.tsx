import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { clientChoicesQuery } from "../api/choices.ts";
import type { ConnectionStatus } from "../api/connections.ts";
import { Button } from "../design/button.tsx";
import { STATUS_NAMES } from "../design/status-badge.tsx";
import { TenantFilter } from "../tenants/tenant-filter.tsx";
import { CAUSES } from "./cause-words.ts";
import { ChoiceFilter, type Choice } from "./choice-filter.tsx";
import styles from "./filter-form.module.css";
import { isNarrowed, readConnectionFilters, type ConnectionFilters } from "./filters.ts";
import { TextFilter } from "./text-filter.tsx";

type Set = (change: ConnectionFilters) => void;

interface Filtering {
  filters: ConnectionFilters;
  set: Set;
}

/** Everything that it says stands in the address, so that a view can be kept and sent. */
export function FilterForm({ filters }: { filters: ConnectionFilters }) {
  const navigate = useNavigate();
  const set = useCallback<Set>(
    (change) =>
      void navigate({
        to: "/connections",
        search: (before) => readConnectionFilters({ ...before, ...change }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const { q, status, sort, ...more } = filters;
  return (
    <search className={styles["form"]}>
      <div className={styles["first"]}>
        <TextFilter
          label="Search"
          hint="Account, user or id"
          value={q ?? ""}
          commit={useCallback((text: string) => set({ q: text }), [set])}
        />
        <ChoiceFilter label="Status" all="All" value={status} choices={STATUSES} choose={(to) => set({ status: to })} />
        <ChoiceFilter
          label="Order"
          all="Oldest first"
          value={sort}
          choices={ORDERS}
          choose={(to) => set({ sort: to })}
        />
      </div>
      <details className={styles["more"]} open={Object.keys(more).length > 0 || undefined}>
        <summary>More filters</summary>
        <div className={styles["second"]}>
          <MoreFilters filters={filters} set={set} />
        </div>
      </details>
      {isNarrowed(filters) && (
        <div>
          <Button
            quiet
            onClick={() => void navigate({ to: "/connections", search: sort === undefined ? {} : { sort } })}
          >
            Clear the filters
          </Button>
        </div>
      )}
    </search>
  );
}

function MoreFilters({ filters, set }: Filtering) {
  return (
    <>
      <ChoiceFilter
        label="Cause"
        all="Any"
        value={filters.cause}
        choices={Object.entries(CAUSES)}
        choose={(to) => set({ cause: to })}
      />
      <OriginFilters filters={filters} set={set} />
      <TextFilter
        label="Label"
        hint="name:value"
        pattern={LABEL}
        value={filters.label ?? ""}
        commit={useCallback((text: string) => set({ label: text }), [set])}
      />
      <TenantFilter tenant={filters.tenant} choose={(to) => set({ tenant: to })} />
    </>
  );
}

function OriginFilters({ filters: { provider, client }, set }: Filtering) {
  const { data } = useQuery(clientChoicesQuery);
  const clients = data?.clients ?? [];
  const providers = [...new Set(clients.map((each) => each.provider))].toSorted();
  return (
    <>
      <ChoiceFilter
        label="Provider"
        all="All"
        value={provider}
        choices={providers.map((each) => [each, each])}
        isPart={data?.next_after !== null}
        choose={(to) => set({ provider: to })}
      />
      <ChoiceFilter
        label="Client"
        all="All"
        value={client}
        choices={clients.map((each) => [each.id, `${each.provider}, ${each.client_id}`])}
        isPart={data?.next_after !== null}
        choose={(to) => set({ client: to })}
      />
    </>
  );
}

const STATUSES: readonly Choice<ConnectionStatus>[] = STATUS_NAMES;

const ORDERS: readonly Choice[] = [
  ["status_since", "Changed last, first"],
  ["last_proven_at", "Longest unproven first"],
];

const LABEL = /^[^:]+:/;
