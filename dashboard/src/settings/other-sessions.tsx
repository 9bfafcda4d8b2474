import { useQuery } from "@tanstack/react-query";
import { endSession, operatorSessionsQuery, type OperatorSession } from "../api/operator-sessions.ts";
import { Card } from "../design/card.tsx";
import { Confirm } from "../design/confirm.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time } from "../design/time.tsx";

/** Browsers that are signed in besides this one, and a way to end that. */
export function OtherSessions() {
  const found = useQuery(operatorSessionsQuery);
  const others = found.data?.filter(({ current }) => !current);
  return (
    <Card title="Other browsers">
      {found.isPending && <Loading what="sessions" />}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {others?.length === 0 && <p>No other browser is signed in.</p>}
      {others && others.length > 0 && (
        <Table caption="Other browsers that are signed in" columns={COLUMNS} rows={others} keyOf={({ id }) => id} />
      )}
    </Card>
  );
}

const COLUMNS: readonly Column<OperatorSession>[] = [
  { head: "Who", cell: whoOf },
  { head: "Role", cell: ({ operator }) => (operator ? (operator.role ?? "let in no more") : "as its key") },
  { head: "From", cell: ({ from }) => from ?? "not known" },
  { head: "Last used", cell: ({ last_used_at }) => <Time at={last_used_at} /> },
  { head: "Ends", cell: ({ expires_at }) => <Time at={expires_at} /> },
  {
    head: "End",
    cell: (session) => (
      <Confirm
        action="Sign out"
        title="Sign that browser out?"
        consequence={`${whoOf(session)} has to sign in again there. Nothing else ends.`}
        run={() => endSession(session.id)}
      />
    ),
  },
];

function whoOf({ operator, api_key }: OperatorSession): string {
  return operator?.email ?? operator?.subject ?? api_key ?? "not known";
}
