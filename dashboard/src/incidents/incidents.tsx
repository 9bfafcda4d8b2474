import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import { incidentsQuery } from "../api/incidents.ts";
import type { Incident } from "../api/open-incidents.ts";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Page } from "../design/page.tsx";
import { Paged } from "../design/paged.tsx";
import { TenantFilter } from "../tenants/tenant-filter.tsx";
import { IncidentCard } from "./incident-card.tsx";
import styles from "./incidents.module.css";
import { PastIncidents } from "./past-incidents.tsx";

/** What is wrong with many connections at once, and below it what was. */
export function Incidents() {
  const { tenant } = useSearch({ from: "/incidents" });
  const navigate = useNavigate();
  const choose = (to: string): void => void navigate({ to: "/incidents", search: to === "" ? {} : { tenant: to } });
  return (
    <Page title="Incidents" actions={<TenantFilter tenant={tenant} choose={choose} />}>
      <Current tenant={tenant} />
      <section aria-labelledby="past" className={styles["section"]}>
        <h2 id="past">Over</h2>
        <PastIncidents tenant={tenant} />
      </section>
    </Page>
  );
}

function Current({ tenant }: { tenant: string | undefined }) {
  const open = useInfiniteQuery(incidentsQuery("open", tenant));
  const acknowledged = useInfiniteQuery(incidentsQuery("acknowledged", tenant));
  const lists = [open, acknowledged];
  const failed = lists.find(({ isError }) => isError);
  if (lists.some(({ isPending }) => isPending)) return <Loading what="incidents" />;
  if (failed?.error) return <Failure error={failed.error} retry={() => void failed.refetch()} />;
  const count = lists.reduce((sum, { data }) => sum + (data?.pages[0]?.incidents.length ?? 0), 0);
  if (count === 0) return <AllWell />;
  return (
    <div aria-live="polite" className={styles["section"]}>
      {lists.map((list, place) => (
        <Paged
          key={place === 0 ? "open" : "acknowledged"}
          list={list}
          what="incidents"
          rowsOf={({ incidents }) => incidents}
          none={null}
        >
          {(incidents: readonly Incident[]) =>
            incidents.map((incident) => <IncidentCard key={incident.id} incident={incident} />)
          }
        </Paged>
      ))}
    </div>
  );
}

function AllWell() {
  return (
    <div className={styles["well"]}>
      <CircleCheck size={28} aria-hidden="true" />
      <div>
        <h2>No incident is open</h2>
        <p>
          When several connections fail for one reason, they stand here as one thing to look at: how many, since when,
          why, and what to do.
        </p>
      </div>
    </div>
  );
}
