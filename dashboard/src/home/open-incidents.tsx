import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useClientName } from "../api/choices.ts";
import { openIncidentsQuery, type Incident } from "../api/open-incidents.ts";
import { Card } from "../design/card.tsx";
import { counted } from "../design/counted.ts";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Time } from "../design/time.tsx";
import { KINDS } from "../incidents/incident-words.ts";
import styles from "./open-incidents.module.css";

/** What is wrong with many at once, and what to do. */
export function OpenIncidents() {
  const found = useQuery(openIncidentsQuery);
  return (
    <Card title="Open incidents">
      {found.isPending && <Loading what="incidents" />}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.data && (
        <ul className={styles["list"]}>
          {found.data.incidents.map((incident) => (
            <IncidentRow key={incident.id} incident={incident} />
          ))}
        </ul>
      )}
      {found.data && found.data.next_before !== null && <Link to="/incidents">All incidents</Link>}
    </Card>
  );
}

function IncidentRow({ incident }: { incident: Incident }) {
  const { id, kind, client, provider, affected, recovered, first_seen, suggestion } = incident;
  const clientName = useClientName(client);
  const about = clientName ?? provider;
  return (
    <li>
      <Link to="/incidents/$id" params={{ id }} className={styles["title"]}>
        {KINDS[kind]}
      </Link>
      <p className={styles["soft"]}>
        {about !== null && `${about} · `}
        {counted(affected - recovered, "connection", "connections")} · first seen <Time at={first_seen} />
      </p>
      <p>{suggestion}</p>
    </li>
  );
}
