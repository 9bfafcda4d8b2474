import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { incidentQuery } from "../api/incidents.ts";
import { may } from "../api/may.ts";
import type { Incident } from "../api/open-incidents.ts";
import { sessionQuery } from "../api/session.ts";
import { ButtonLink } from "../design/button-link.tsx";
import { Columns } from "../design/columns.tsx";
import { Loading } from "../design/loading.tsx";
import { Missing } from "../design/missing.tsx";
import { Page } from "../design/page.tsx";
import { Acknowledge } from "./acknowledge.tsx";
import { Campaigns } from "./campaigns.tsx";
import { Decision } from "./decision.tsx";
import { Evidence } from "./evidence.tsx";
import { KINDS } from "./incident-words.ts";
import { Members } from "./members.tsx";
import { Summary } from "./summary.tsx";

/** One incident: what to do about it, for whom it is, and what it rests on. */
export function IncidentPage() {
  const { id } = useParams({ from: "/incidents/$id" });
  const found = useInfiniteQuery(incidentQuery(id));
  if (found.isPending) return <Loading what="the incident" />;
  const incident = found.data?.pages[0];
  if (!incident) {
    return (
      <Missing what="incident" why="It may be another tenant’s." error={found.error} retry={() => void found.refetch()}>
        <ButtonLink to="/incidents">Show all incidents</ButtonLink>
      </Missing>
    );
  }
  return <Found incident={incident} />;
}

function Found({ incident }: { incident: Incident }) {
  const { data: session } = useQuery(sessionQuery);
  const mayWrite = session ? may(session, "connections:write") : false;
  const isOwn = session?.tenant === incident.tenant;
  return (
    <Page
      title={KINDS[incident.kind]}
      actions={mayWrite && incident.state === "open" && <Acknowledge id={incident.id} />}
    >
      <Columns
        first={
          <>
            <Summary incident={incident} />
            {incident.state !== "resolved" && <Decision incident={incident} />}
            {isOwn && <Campaigns incident={incident} mayWrite={mayWrite} />}
          </>
        }
        second={<Evidence incident={incident} />}
      />
      <Members id={incident.id} />
    </Page>
  );
}
