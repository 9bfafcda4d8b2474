import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { incidentQuery, type IncidentMember } from "../api/incidents.ts";
import { causeWords } from "../connections/cause-words.ts";
import { Card } from "../design/card.tsx";
import { Paged } from "../design/paged.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time } from "../design/time.tsx";
import { CONDITIONS } from "./incident-words.ts";

/** The connections in it, a page at a time. */
export function Members({ id }: { id: string }) {
  const list = useInfiniteQuery(incidentQuery(id));
  return (
    <Card title="Affected connections">
      <Paged list={list} what="connections" rowsOf={({ members }) => members} none={<p>None are listed yet.</p>}>
        {(members: readonly IncidentMember[]) => (
          <Table
            caption="Affected connections"
            columns={COLUMNS}
            rows={members}
            keyOf={({ connection }) => connection}
          />
        )}
      </Paged>
    </Card>
  );
}

const COLUMNS: readonly Column<IncidentMember>[] = [
  {
    head: "Connection",
    cell: ({ connection, account_label, end_user }) => (
      <Link to="/connections/$id" params={{ id: connection }}>
        {account_label ?? end_user ?? connection}
      </Link>
    ),
  },
  { head: "State", cell: stateOf },
  { head: "Cause", cell: ({ cause }) => causeWords(cause) },
  { head: "Provider’s code", cell: ({ code }) => (code === null ? "none" : <code>{code}</code>) },
  { head: "Since", cell: ({ since }) => <Time at={since} /> },
];

function stateOf({ condition, recovered_at }: IncidentMember) {
  if (recovered_at === null) return CONDITIONS[condition];
  return (
    <>
      Well again <Time at={recovered_at} />
    </>
  );
}
