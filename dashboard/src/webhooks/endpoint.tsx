import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { may } from "../api/may.ts";
import { sessionQuery } from "../api/session.ts";
import { endpointQuery, type Endpoint } from "../api/webhooks.ts";
import { ButtonLink } from "../design/button-link.tsx";
import { Columns } from "../design/columns.tsx";
import { Loading } from "../design/loading.tsx";
import { Missing } from "../design/missing.tsx";
import { Page } from "../design/page.tsx";
import { Deliveries } from "./deliveries.tsx";
import { EndpointActions } from "./endpoint-actions.tsx";
import { EndpointState } from "./endpoint-state.tsx";
import { Secrets } from "./secrets.tsx";
import { TestEndpoint } from "./test-endpoint.tsx";

/** One endpoint: whether messages arrive, and what became of each. */
export function EndpointPage() {
  const { id } = useParams({ from: "/webhooks/$id" });
  const found = useQuery(endpointQuery(id));
  if (found.isPending) return <Loading what="the endpoint" />;
  if (!found.data) {
    return (
      <Missing
        what="webhook endpoint"
        why="It may have been deleted."
        error={found.error}
        retry={() => void found.refetch()}
      >
        <ButtonLink to="/webhooks">Show all webhook endpoints</ButtonLink>
      </Missing>
    );
  }
  return <Found endpoint={found.data} />;
}

function Found({ endpoint }: { endpoint: Endpoint }) {
  const { data: session } = useQuery(sessionQuery);
  const mayWrite = session ? may(session, "webhooks:write") : false;
  return (
    <Page title={new URL(endpoint.url).host} actions={mayWrite && <EndpointActions endpoint={endpoint} />}>
      <Columns
        first={<EndpointState endpoint={endpoint} />}
        second={
          <>
            {mayWrite && <TestEndpoint id={endpoint.id} />}
            <Secrets endpoint={endpoint} mayWrite={mayWrite} />
          </>
        }
      />
      <Deliveries endpoint={endpoint} mayWrite={mayWrite} />
    </Page>
  );
}
