import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { connectionQuery, type ConnectionDetail } from "../api/connection.ts";
import { may } from "../api/may.ts";
import { ApiError } from "../api/problem.ts";
import { sessionQuery } from "../api/session.ts";
import { EmptyState } from "../design/empty-state.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Page } from "../design/page.tsx";
import { About } from "./about.tsx";
import { Actions } from "./actions.tsx";
import styles from "./connection.module.css";
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
  if (!found.data) return <Missing error={found.error} retry={() => void found.refetch()} />;
  return <Found connection={found.data} />;
}

function Missing({ error, retry }: { error: Error; retry: () => void }) {
  return (
    <Page title="Connection">
      {error instanceof ApiError && error.code === "not_found" ? (
        <EmptyState title="There is no such connection">
          <p>It may have been deleted, or it is another tenant’s.</p>
          <Link to="/connections">Show all connections</Link>
        </EmptyState>
      ) : (
        <Failure error={error} retry={retry} />
      )}
    </Page>
  );
}

function Found({ connection }: { connection: ConnectionDetail }) {
  const { data: session } = useQuery(sessionQuery);
  const isOver = connection.status === "disconnected";
  const mayChange = !isOver && session ? may(session, "connections:write") : false;
  return (
    <Page title={nameOf(connection)} actions={mayChange && <Actions connection={connection} />}>
      <State connection={connection} mayChange={mayChange} />
      <div className={styles["cards"]}>
        <div className={styles["column"]}>
          {!isOver && <Lifetimes connection={connection} />}
          <Reads id={connection.id} />
          <History id={connection.id} />
        </div>
        <div className={styles["column"]}>
          <About connection={connection} />
          <Scopes connection={connection} />
          <Upkeep connection={connection} mayChange={mayChange} />
          {mayChange && <Links connection={connection} />}
        </div>
      </div>
    </Page>
  );
}
