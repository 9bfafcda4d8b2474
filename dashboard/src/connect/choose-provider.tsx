import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import type { Client, Provider } from "../api/client-shapes.ts";
import { clientsQuery } from "../api/clients.ts";
import { providersQuery } from "../api/providers.ts";
import { useMay } from "../api/use-may.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { counted } from "../design/counted.ts";
import { Failure } from "../design/failure.tsx";
import { Field } from "../design/field.tsx";
import { Loading } from "../design/loading.tsx";
import { Page } from "../design/page.tsx";
import { AddProvider } from "./add-provider.tsx";
import styles from "./choose-provider.module.css";
import { Way } from "./way.tsx";

/** A client that is there already, or a provider to set one up at. */
export function ChooseProvider() {
  const providers = useQuery(providersQuery);
  const clients = useInfiniteQuery(clientsQuery);
  const maySetUp = useMay("clients:write");
  if (providers.isError) return <Failure error={providers.error} retry={() => void providers.refetch()} />;
  if (providers.isPending || clients.isPending) return <Loading what="the providers" />;
  const known = clients.data?.pages.flatMap((page) => page.clients) ?? [];
  return (
    <Page title="Connect">
      {maySetUp && <Way done={0} />}
      {clients.isError && <Failure error={clients.error} retry={() => void clients.refetch()} />}
      {known.length > 0 && (
        <KnownClients clients={known} providers={providers.data}>
          {clients.hasNextPage && (
            <Button quiet busy={clients.isFetchingNextPage} onClick={() => void clients.fetchNextPage()}>
              Show more
            </Button>
          )}
        </KnownClients>
      )}
      {maySetUp && <Catalogue providers={providers.data} />}
      {maySetUp && <AddProvider providers={providers.data} />}
      {!maySetUp && known.length === 0 && <p>No client is set up yet. An administrator has to do that first.</p>}
    </Page>
  );
}

interface KnownClientsProps {
  clients: readonly Client[];
  providers: readonly Provider[];
  /** What shows more of them. */
  children: ReactNode;
}

function KnownClients({ clients, providers, children }: KnownClientsProps) {
  return (
    <Card title="With a client that is set up">
      <ul className={styles["list"]}>
        {clients.map(({ id, provider, client_id }) => (
          <li key={id}>
            <Link to="/connect" search={{ client: id }} className={styles["choice"]}>
              <strong>{providers.find((each) => each.id === provider)?.name ?? provider}</strong>
              <span>{client_id}</span>
            </Link>
          </li>
        ))}
      </ul>
      {children}
    </Card>
  );
}

function Catalogue({ providers }: { providers: readonly Provider[] }) {
  const [sought, setSought] = useState("");
  const found = providers.filter(({ id, name }) => `${name} ${id}`.toLowerCase().includes(sought.trim().toLowerCase()));
  return (
    <Card title="With a new client at a provider">
      <Field label="Search the providers">
        {(id) => <input id={id} type="search" value={sought} onChange={(event) => setSought(event.target.value)} />}
      </Field>
      <output className={styles["count"]}>
        {found.length === 0
          ? "None of that name. Below you can add one by its issuer."
          : counted(found.length, "provider", "providers")}
      </output>
      <ul className={styles["list"]}>
        {found.map((provider) => (
          <li key={provider.id}>
            <Link to="/connect" search={{ provider: provider.id }} className={styles["choice"]}>
              <strong>{provider.name}</strong>
              <span>{knowledgeOf(provider)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** How well the provider is known here. */
function knowledgeOf({ custom, confidence, pitfalls }: Provider): string {
  const known = custom ? "Added here" : CONFIDENCE[confidence];
  return pitfalls.length === 0 ? known : `${known}, ${counted(pitfalls.length, "pitfall", "pitfalls")}`;
}

const CONFIDENCE = {
  high: "Well known",
  medium: "Known",
  low: "Little known",
} as const satisfies Record<Provider["confidence"], string>;
