import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { changedAtQuery, connectionsQuery, isOlder } from "../api/connections.ts";
import { queryClient } from "../api/query-client.ts";
import { sessionQuery } from "../api/session.ts";
import { Button } from "../design/button.tsx";
import { Begin } from "../connect/begin.tsx";
import { ButtonLink } from "../design/button-link.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Page } from "../design/page.tsx";
import styles from "./connections.module.css";
import { FilterForm } from "./filter-form.tsx";
import { isNarrowed, type ConnectionFilters } from "./filters.ts";
import { Rows } from "./rows.tsx";

/** All connections, however many: they are searched and sorted by the service, and loaded while they are scrolled through. */
export function Connections() {
  const filters = useSearch({ from: "/connections" });
  return (
    <Page title="Connections">
      <FilterForm filters={filters} />
      <List filters={filters} />
    </Page>
  );
}

function List({ filters }: { filters: ConnectionFilters }) {
  const query = connectionsQuery(filters);
  const list = useInfiniteQuery(query);
  const { data: changedAt = 0 } = useQuery(changedAtQuery);
  const { data: session } = useQuery(sessionQuery);
  const isForeign = filters.tenant !== undefined && filters.tenant !== session?.tenant;
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.connections) ?? [], [list.data]);
  if (list.isPending) return <Loading what="connections" />;
  if (!list.data) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (rows.length === 0) return <Nothing filters={filters} />;
  return (
    <>
      <div className={styles["about"]}>
        <output>{countOf(rows.length, list.hasNextPage)}</output>
        {isForeign && <p>These are another tenant’s: only its own operators open and change them.</p>}
        {isOlder(list.data, changedAt) && !list.isRefetching && (
          <p>
            Something changed since this list was loaded.{" "}
            <Button quiet onClick={() => void queryClient.resetQueries({ queryKey: query.queryKey, exact: true })}>
              Load it again
            </Button>
          </p>
        )}
      </div>
      <Rows
        rows={rows}
        open={!isForeign}
        hasMore={list.hasNextPage}
        loadMore={() => {
          if (!list.isFetching) void list.fetchNextPage();
        }}
      />
      {list.isFetchNextPageError && <Failure error={list.error} retry={() => void list.fetchNextPage()} />}
    </>
  );
}

function Nothing({ filters }: { filters: ConnectionFilters }) {
  if (isNarrowed(filters)) {
    return (
      <EmptyState title="No connection is like that">
        <ButtonLink to="/connections">Show all connections</ButtonLink>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No connections yet">
      <p>A connection is an account whose access Evergrant keeps alive.</p>
      <Begin>Connect a first account</Begin>
    </EmptyState>
  );
}

function countOf(loaded: number, hasMore: boolean): string {
  const count = loaded.toLocaleString("en");
  if (hasMore) return `The first ${count} connections; more come while you scroll.`;
  return loaded === 1 ? "One connection" : `${count} connections`;
}
