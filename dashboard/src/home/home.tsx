import { useQuery } from "@tanstack/react-query";
import { overviewQuery, type Overview } from "../api/overview.ts";
import { Begin } from "../connect/begin.tsx";
import { Columns } from "../design/columns.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Page } from "../design/page.tsx";
import { Backlog } from "./backlog.tsx";
import { Health } from "./health.tsx";
import { LiveSign } from "./live-sign.tsx";
import { OpenIncidents } from "./open-incidents.tsx";
import { Requests } from "./requests.tsx";
import { StatusTiles } from "./status-tiles.tsx";
import { UpcomingEnds } from "./upcoming-ends.tsx";
import { Verdict } from "./verdict.tsx";

/** Whether anything is wrong, for whom, since when and what to do, at a glance. */
export function Home() {
  const found = useQuery(overviewQuery);
  return (
    <Page title="Home" actions={<LiveSign />}>
      {found.isPending && <Loading what="the overview" />}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.data && <Found overview={found.data} />}
    </Page>
  );
}

function Found({ overview }: { overview: Overview }) {
  if (overview.connections.total === 0) return <Beginning />;
  return (
    <>
      <Verdict overview={overview} />
      <StatusTiles connections={overview.connections} />
      {overview.open_incidents.total > 0 && <OpenIncidents />}
      <Columns
        first={
          <>
            <Requests />
            <Health />
          </>
        }
        second={
          <>
            <UpcomingEnds ends={overview.upcoming_ends} />
            <Backlog overview={overview} />
          </>
        }
      />
    </>
  );
}

function Beginning() {
  return (
    <EmptyState title="Connect a first account">
      <p>
        Evergrant keeps the access to your users’ accounts alive. Choose a provider, register a client there, and
        connect an account of your own to see it work.
      </p>
      <Begin>Begin</Begin>
    </EmptyState>
  );
}
