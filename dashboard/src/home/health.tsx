import { useQuery } from "@tanstack/react-query";
import { healthQuery, type ClientHealth, type ProviderHealth } from "../api/refreshes.ts";
import { ClientLink } from "../clients/client-link.tsx";
import { Card } from "../design/card.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Table, type Column } from "../design/table.tsx";
import styles from "./health.module.css";

/** How providers and clients did in the last hour. */
export function Health() {
  const found = useQuery(healthQuery);
  return (
    <Card title="Providers and clients, last hour">
      {found.isPending && <Loading what="their health" />}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.data && (
        <>
          <h3>Providers</h3>
          <Table
            caption="Providers"
            columns={PROVIDER_COLUMNS}
            rows={found.data.providers}
            keyOf={(row) => row.provider}
          />
          <h3>Clients</h3>
          <Table caption="Clients" columns={CLIENT_COLUMNS} rows={found.data.clients} keyOf={(row) => row.client} />
        </>
      )}
    </Card>
  );
}

type Measured = Pick<ProviderHealth, "requests" | "errors" | "p50_ms" | "p95_ms">;

const FIGURES: readonly Column<Measured>[] = [
  { head: "Requests", numeric: true, cell: ({ requests }) => requests.toLocaleString("en") },
  { head: "Errors", numeric: true, cell: shareOf },
  { head: "Half within", numeric: true, cell: ({ p50_ms }) => milliseconds(p50_ms) },
  { head: "95 % within", numeric: true, cell: ({ p95_ms }) => milliseconds(p95_ms) },
];

const PROVIDER_COLUMNS: readonly Column<ProviderHealth>[] = [
  { head: "Provider", cell: ({ provider }) => provider },
  ...FIGURES,
];

const CLIENT_COLUMNS: readonly Column<ClientHealth>[] = [
  {
    head: "Client",
    cell: ({ client }) => <ClientLink id={client} />,
  },
  ...FIGURES,
  { head: "State", cell: stateOf },
];

function stateOf({ suspended, braked, breaker_open }: ClientHealth): string {
  if (suspended) return "Paused: the provider refuses it";
  if (braked) return "Rejections are not believed yet";
  return breaker_open ? "Waits: the provider does not answer" : "In order";
}

function shareOf({ requests, errors }: Measured) {
  if (requests === 0) return "–";
  const share = PERCENT.format(errors);
  return errors > 0 ? <strong className={styles["bad"]}>{share}</strong> : share;
}

function milliseconds(duration: number | null): string {
  return duration === null ? "–" : `${Math.round(duration).toLocaleString("en")} ms`;
}

const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
