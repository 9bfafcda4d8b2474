import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { connectionsQuery } from "../api/connections.ts";
import { EmptyState } from "../design/empty-state.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { StatusBadge } from "../design/status-badge.tsx";

export function Connections() {
  const filters = useSearch({ from: "/connections" });
  const list = useInfiniteQuery(connectionsQuery(filters));
  if (list.isPending) return <Loading what="connections" />;
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  const connections = list.data.pages.flatMap((page) => page.connections);
  if (connections.length === 0) return <EmptyState title="No connections yet" />;
  return (
    <>
      <h1>Connections</h1>
      <ul>
        {connections.map(({ id, status, account }) => (
          <li key={id}>
            <StatusBadge status={status} /> {account?.label ?? account?.id ?? id}
          </li>
        ))}
      </ul>
    </>
  );
}
