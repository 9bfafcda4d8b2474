import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Provider } from "../api/client-shapes.ts";
import { addClient } from "../api/clients.ts";
import { providersQuery } from "../api/providers.ts";
import { ButtonLink } from "../design/button-link.tsx";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Columns } from "../design/columns.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Failure } from "../design/failure.tsx";
import { FieldsForm } from "../design/fields-form.tsx";
import { Loading } from "../design/loading.tsx";
import { Page } from "../design/page.tsx";
import { AboutProvider } from "./about-provider.tsx";
import { ClientFields } from "./client-fields.tsx";
import { newClientIn } from "./new-client.ts";
import { pitfallsBeside } from "./pitfalls.ts";
import { Way } from "./way.tsx";

/** A client at a provider of the catalogue, with what is known to go wrong there beside the field that it is about. */
export function SetUpClient({ providerId }: { providerId: string }) {
  const { data, error, isPending, isError, refetch } = useQuery(providersQuery);
  if (isPending) return <Loading what="the provider" />;
  if (isError) return <Failure error={error} retry={() => void refetch()} />;
  const provider = data.find(({ id }) => id === providerId);
  if (!provider) return <NoSuchProvider />;
  return (
    <Page title={`Set up a client at ${provider.name}`}>
      <Way done={1} />
      <Columns
        first={<ClientForm provider={provider} />}
        second={<AboutProvider provider={provider} pitfalls={pitfallsBeside(provider).all} />}
      />
    </Page>
  );
}

function ClientForm({ provider }: { provider: Provider }) {
  const navigate = useNavigate();
  const adding = useMutation({
    mutationFn: (form: HTMLFormElement) => addClient(newClientIn(new FormData(form), provider)),
    onSuccess: ({ id }, form) => {
      form.reset();
      return navigate({ to: "/connect", search: { client: id } });
    },
  });
  return (
    <Card title="What the provider gave you">
      <FieldsForm submit={(_fields, form) => adding.mutate(form)}>
        <ClientFields provider={provider} />
        {adding.isError && <Failure error={adding.error} />}
        <Button type="submit" busy={adding.isPending}>
          Save the client
        </Button>
      </FieldsForm>
    </Card>
  );
}

function NoSuchProvider() {
  return (
    <Page title="Connect">
      <EmptyState title="There is no such provider">
        <ButtonLink to="/connect">Choose another one</ButtonLink>
      </EmptyState>
    </Page>
  );
}
