import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import type { Client } from "../api/client-shapes.ts";
import { clientQuery, deleteClient } from "../api/clients.ts";
import { providersQuery } from "../api/providers.ts";
import { useMay } from "../api/use-may.ts";
import { ButtonLink } from "../design/button-link.tsx";
import { Card } from "../design/card.tsx";
import { Columns } from "../design/columns.tsx";
import { Confirm } from "../design/confirm.tsx";
import { Loading } from "../design/loading.tsx";
import { Missing } from "../design/missing.tsx";
import { Page } from "../design/page.tsx";
import { ClientState } from "./client-state.tsx";
import { RegisteredAddresses } from "./registered-addresses.tsx";
import { SecretHistory } from "./secret-history.tsx";
import { Rotation } from "./rotation.tsx";
import { Settings } from "./settings.tsx";

/** One client: whether the provider takes it, its addresses, its settings, and its secret. */
export function ClientPage() {
  const { id } = useParams({ from: "/clients/$id" });
  const client = useQuery(clientQuery(id));
  if (client.isPending) return <Loading what="the client" />;
  if (client.isError) {
    return (
      <Missing what="client" why="It may have been deleted." error={client.error} retry={() => void client.refetch()}>
        <ButtonLink to="/clients">Show all clients</ButtonLink>
      </Missing>
    );
  }
  return <ClientDetails client={client.data} />;
}

function ClientDetails({ client }: { client: Client }) {
  const providers = useQuery(providersQuery);
  const provider = providers.data?.find(({ id }) => id === client.provider);
  const hasProof = client.authentication !== "none";
  return (
    <Page title={`${provider?.name ?? client.provider}, ${client.client_id}`} actions={<Actions client={client} />}>
      <ClientState client={client} />
      <Columns
        first={
          hasProof && (
            <>
              <Rotation client={client} provider={provider} />
              <SecretHistory client={client} />
            </>
          )
        }
        second={
          <>
            <Card title="At the provider">
              <RegisteredAddresses client={client} />
            </Card>
            <Settings client={client} />
          </>
        }
      />
    </Page>
  );
}

function Actions({ client: { id, client_id } }: { client: Client }) {
  const navigate = useNavigate();
  const mayWrite = useMay("clients:write");
  const mayConnect = useMay("connections:write");
  return (
    <>
      <Link to="/connections" search={{ client: id }}>
        Its connections
      </Link>
      {mayConnect && (
        <Link to="/connect" search={{ client: id }}>
          Connect an account
        </Link>
      )}
      {mayWrite && (
        <Confirm
          action="Delete"
          title={`Delete the client ${client_id}?`}
          consequence="Its secrets are erased for good. A client that still has connections is not deleted: disconnect those first."
          run={async () => {
            await deleteClient(id);
            await navigate({ to: "/clients" });
          }}
        />
      )}
    </>
  );
}
