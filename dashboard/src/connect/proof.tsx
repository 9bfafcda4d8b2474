import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { connectionQuery, refreshConnection, type ConnectionDetail } from "../api/connection.ts";
import { nameOf } from "../connection/name-of.ts";
import { Button } from "../design/button.tsx";
import { Facts } from "../design/facts.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { StatusBadge } from "../design/status-badge.tsx";
import { Time } from "../design/time.tsx";

/** The first refresh, right after the consent, takes a moment. */
const LOOK = 2000;

/** Whether the connection can be kept alive: its first refresh says so. */
export function Proof({ connectionId }: { connectionId: string }) {
  const connection = useQuery({
    ...connectionQuery(connectionId),
    refetchInterval: ({ state }) => (state.data && isRefreshed(state.data) ? false : LOOK),
  });
  const proving = useMutation({ mutationFn: () => refreshConnection(connectionId) });
  if (connection.isPending) return <Loading what="the connection" />;
  if (connection.isError) return <Failure error={connection.error} retry={() => void connection.refetch()} />;
  const { data } = connection;
  return (
    <>
      <Facts
        facts={{
          Connection: (
            <Link to="/connections/$id" params={{ id: connectionId }}>
              {nameOf(data)}
            </Link>
          ),
          Status: <StatusBadge status={data.status} />,
          Proof: isRefreshed(data)
            ? "Its first refresh worked."
            : (data.diagnosis?.sentence ?? "It was not refreshed yet."),
          "Proven last": <Time at={data.last_proven_at} />,
          "Next refresh": <Time at={data.next_refresh_at} none="when it is read" />,
        }}
      />
      {proving.isError && <Failure error={proving.error} />}
      {!isRefreshed(data) && (
        <Button quiet busy={proving.isPending} onClick={() => proving.mutate()}>
          Refresh now
        </Button>
      )}
    </>
  );
}

/** The tokens of the consent are the first generation; what is later came of a refresh. */
function isRefreshed({ generation, failures }: ConnectionDetail): boolean {
  return generation > 1 && failures === 0;
}
