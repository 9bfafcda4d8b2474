import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Client } from "../api/client-shapes.ts";
import { clientsQuery } from "../api/clients.ts";
import { providersQuery } from "../api/providers.ts";
import { useMay } from "../api/use-may.ts";
import { Button } from "../design/button.tsx";
import { ButtonLink } from "../design/button-link.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Page } from "../design/page.tsx";
import { StatusBadge } from "../design/status-badge.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time } from "../design/time.tsx";
import styles from "./clients.module.css";

/** The OAuth clients, those first that somebody has to look after. */
export function Clients() {
  const list = useInfiniteQuery(clientsQuery);
  const providers = useQuery(providersQuery);
  const mayAdd = useMay("clients:write");
  if (list.isPending) return <Loading what="clients" />;
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  const clients = list.data.pages.flatMap((page) => page.clients).toSorted((a, b) => urgency(b) - urgency(a));
  const nameOf = (id: string): string => providers.data?.find((each) => each.id === id)?.name ?? id;
  return (
    <Page title="Clients" actions={mayAdd && <Link to="/connect">Set up a client</Link>}>
      {clients.length === 0 ? (
        <EmptyState title="No clients yet">
          <p>A client is what you register at a provider: an ID, a secret, a redirect URI.</p>
          {mayAdd && <ButtonLink to="/connect">Set up the first one</ButtonLink>}
        </EmptyState>
      ) : (
        <Table caption="Clients" columns={columnsWith(nameOf)} rows={clients} keyOf={({ id }) => id} />
      )}
      {list.hasNextPage && (
        <Button quiet busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show more
        </Button>
      )}
    </Page>
  );
}

function columnsWith(nameOf: (provider: string) => string): readonly Column<Client>[] {
  return [
    {
      head: "Client",
      cell: ({ id, provider, client_id }) => (
        <Link to="/clients/$id" params={{ id }} className={styles["name"]}>
          {nameOf(provider)}, {client_id}
        </Link>
      ),
    },
    { head: "State", cell: (client) => <State client={client} /> },
    {
      head: "What to do",
      cell: ({ suspension, warnings }) => suspension?.sentence ?? warnings[0]?.sentence ?? "Nothing",
    },
    { head: "Its secret ends", cell: ({ secret_expires_at: end }) => <Time at={end} none="Not known to end" /> },
  ];
}

function State({ client: { status, suspension } }: { client: Client }) {
  return (
    <>
      <StatusBadge status={status} />
      {suspension && (
        <div>
          since <Time at={suspension.since} />
        </div>
      )}
    </>
  );
}

function urgency({ suspension, warnings }: Client): number {
  return suspension ? 2 : Math.min(1, warnings.length);
}
