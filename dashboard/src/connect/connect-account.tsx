import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Client } from "../api/client-shapes.ts";
import { clientQuery } from "../api/clients.ts";
import { hasConnectionsQuery } from "../api/connections.ts";
import { providersQuery } from "../api/providers.ts";
import { useMay } from "../api/use-may.ts";
import { RegisteredAddresses } from "../clients/registered-addresses.tsx";
import { Button } from "../design/button.tsx";
import { ButtonLink } from "../design/button-link.tsx";
import { Card } from "../design/card.tsx";
import { Loading } from "../design/loading.tsx";
import { Missing } from "../design/missing.tsx";
import { Page } from "../design/page.tsx";
import { PitfallList } from "./pitfall-list.tsx";
import { pitfallsBeside } from "./pitfalls.ts";
import { SignIn } from "./sign-in.tsx";
import { Way } from "./way.tsx";

/** With a client that is there: what is to be registered at the provider, and then the user's sign-in. */
export function ConnectAccount({ clientId }: { clientId: string }) {
  const client = useQuery(clientQuery(clientId));
  const providers = useQuery(providersQuery);
  if (client.isPending) return <Loading what="the client" />;
  if (client.isError) {
    return (
      <Missing what="client" why="It may have been deleted." error={client.error} retry={() => void client.refetch()}>
        <ButtonLink to="/connect">Choose a provider</ButtonLink>
      </Missing>
    );
  }
  const provider = providers.data?.find(({ id }) => id === client.data.provider);
  return (
    <AccountSteps
      client={client.data}
      providerName={provider?.name ?? client.data.provider}
      pitfalls={provider ? pitfallsBeside(provider).redirect : []}
    />
  );
}

interface AccountStepsProps {
  client: Client;
  providerName: string;
  pitfalls: readonly string[];
}

function AccountSteps({ client, providerName, pitfalls }: AccountStepsProps) {
  const [said, setSaid] = useState(false);
  const { data: hasConnections = false } = useQuery(hasConnectionsQuery(client.id));
  // Where somebody was sent back before, the address is registered.
  const registered = said || hasConnections;
  const mayConnect = useMay("connections:write");
  return (
    <Page title={`Connect an account at ${providerName}`}>
      <Way done={registered ? 3 : 2} />
      <Card title="Register the redirect URI">
        <p>
          {providerName} sends users back to this address, and only if it is registered there exactly as it stands here
          for the client {client.client_id}.
        </p>
        <RegisteredAddresses client={client} />
        <PitfallList pitfalls={pitfalls} />
        {mayConnect && !registered && <Button onClick={() => setSaid(true)}>It is registered</Button>}
      </Card>
      {mayConnect && registered && <SignIn client={client} providerName={providerName} />}
    </Page>
  );
}
