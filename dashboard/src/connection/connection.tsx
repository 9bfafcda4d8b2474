import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { connectionQuery, type ConnectionDetail } from "../api/connection.ts";
import { may } from "../api/may.ts";
import { sessionQuery } from "../api/session.ts";
import { ButtonLink } from "../design/button-link.tsx";
import { Columns } from "../design/columns.tsx";
import { Loading } from "../design/loading.tsx";
import { Missing } from "../design/missing.tsx";
import { Page } from "../design/page.tsx";
import { About } from "./about.tsx";
import { Actions } from "./actions.tsx";
import { History } from "./history.tsx";
import { Lifetimes } from "./lifetimes.tsx";
import { Links } from "./links.tsx";
import { nameOf } from "./name-of.ts";
import { Reads } from "./reads.tsx";
import { Scopes } from "./scopes.tsx";
import { State } from "./state.tsx";
import { Upkeep } from "./upkeep.tsx";

/** Everything about one connection but its tokens, and what can be done for it. */
export function ConnectionPage() {
  const { id } = useParams({ from: "/connections/$id" });
  const found = useQuery(connectionQuery(id));
  if (found.isPending) return <Loading what="the connection" />;
  if (!found.data) {
    return (
      <Missing
        what="connection"
        why="It may have been deleted, or it is another tenant’s."
        error={found.error}
        retry={() => void found.refetch()}
      >
        <ButtonLink to="/connections">Show all connections</ButtonLink>
      </Missing>
    );
  }
  return <Found connection={found.data} />;
}

function Found({ connection }: { connection: ConnectionDetail }) {
  const { data: session } = useQuery(sessionQuery);
  const isOver = connection.status === "disconnected";
  const mayChange = !isOver && session ? may(session, "connections:write") : false;
  return (
    <Page title={nameOf(connection)} actions={mayChange && <Actions connection={connection} />}>
      <State connection={connection} mayChange={mayChange} />
      <Columns
        first={
          <>
            {!isOver && <Lifetimes connection={connection} />}
            <Reads id={connection.id} />
            <History id={connection.id} />
          </>
        }
        second={
          <>
            <About connection={connection} />
            <Scopes connection={connection} />
            <Upkeep connection={connection} mayChange={mayChange} />
            {mayChange && <Links connection={connection} />}
          </>
        }
      />
    </Page>
  );
}
