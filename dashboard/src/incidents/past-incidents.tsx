import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { incidentsQuery } from "../api/incidents.ts";
import type { Incident } from "../api/open-incidents.ts";
import { causeWords } from "../connections/cause-words.ts";
import { Paged } from "../design/paged.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time } from "../design/time.tsx";
import { About } from "./about.tsx";
import { KINDS } from "./incident-words.ts";

export function PastIncidents({ tenant }: { tenant: string | undefined }) {
  const list = useInfiniteQuery(incidentsQuery("resolved", tenant));
  return (
    <Paged list={list} what="past incidents" rowsOf={({ incidents }) => incidents} none={<p>None so far.</p>}>
      {(incidents: readonly Incident[]) => (
        <Table caption="Incidents that are over" columns={COLUMNS} rows={incidents} keyOf={({ id }) => id} />
      )}
    </Paged>
  );
}

const COLUMNS: readonly Column<Incident>[] = [
  {
    head: "What",
    cell: ({ id, kind }) => (
      <Link to="/incidents/$id" params={{ id }}>
        {KINDS[kind]}
      </Link>
    ),
  },
  { head: "About", cell: (incident) => <About incident={incident} /> },
  { head: "Cause", cell: ({ cause }) => causeWords(cause) },
  { head: "Began", cell: ({ first_seen }) => <Time at={first_seen} /> },
  { head: "Over", cell: ({ resolved_at }) => <Time at={resolved_at} /> },
  { head: "Connections", numeric: true, cell: ({ affected }) => affected.toLocaleString("en") },
];
