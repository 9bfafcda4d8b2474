import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { may } from "../api/may.ts";
import { sessionQuery } from "../api/session.ts";
import { endpointsQuery, type Endpoint } from "../api/webhooks.ts";
import { EmptyState } from "../design/empty-state.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Page } from "../design/page.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time } from "../design/time.tsx";
import { AddEndpoint } from "./add-endpoint.tsx";
import { EndpointBadge } from "./endpoint-badge.tsx";

/** Where applications hear of events, and whether they do. */
export function Webhooks() {
  const { data: session } = useQuery(sessionQuery);
  const found = useQuery(endpointsQuery);
  const endpoints = found.data?.webhook_endpoints;
  const mayWrite = session ? may(session, "webhooks:write") : false;
  return (
    <Page title="Webhooks" actions={mayWrite && <AddEndpoint />}>
      {found.isPending && <Loading what="webhook endpoints" />}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {endpoints?.length === 0 && (
        <EmptyState title="No webhook endpoints yet">
          <p>
            Your application can hear when a connection ends, recovers or will expire soon. Add an address of yours,
            keep the secret that is shown, and send a test.
          </p>
        </EmptyState>
      )}
      {endpoints && endpoints.length > 0 && (
        <Table caption="Webhook endpoints" columns={COLUMNS} rows={endpoints} keyOf={({ id }) => id} />
      )}
    </Page>
  );
}

const COLUMNS: readonly Column<Endpoint>[] = [
  {
    head: "Address",
    cell: ({ id, url }) => (
      <Link to="/webhooks/$id" params={{ id }}>
        {url}
      </Link>
    ),
  },
  { head: "State", cell: (endpoint) => <EndpointBadge endpoint={endpoint} /> },
  { head: "What for", cell: ({ description }) => (description === "" ? "not said" : description) },
  { head: "Events", cell: ({ events }) => (events === null ? "all" : events.length) },
  { head: "Last success", cell: ({ last_success_at }) => <Time at={last_success_at} /> },
];
