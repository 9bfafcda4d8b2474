import { useMutation } from "@tanstack/react-query";
import {
  checkConnection,
  disconnect,
  refreshConnection,
  releaseConnection,
  type ConnectionDetail,
} from "../api/connection.ts";
import { Button } from "../design/button.tsx";
import { Confirm } from "../design/confirm.tsx";
import { Failure } from "../design/failure.tsx";
import { nameOf } from "./name-of.ts";
import styles from "./actions.module.css";

/** What an operator can do for a connection, and beside it what came of it. */
export function Actions({ connection }: { connection: ConnectionDetail }) {
  const { id, provider, diagnosis } = connection;
  const asking = useMutation({ mutationFn: (act: () => Promise<string>) => act() });
  return (
    <div className={styles["actions"]}>
      <div className={styles["buttons"]}>
        {diagnosis?.cause === "restored_from_backup" && (
          <Confirm
            action="Release"
            title="Try the refresh token of the backup?"
            consequence="If it was replaced since the backup, the provider may end the connection, and its user has to sign in again."
            run={() => releaseConnection(id)}
          />
        )}
        <Button quiet busy={asking.isPending} onClick={() => asking.mutate(() => check(id))}>
          Check now
        </Button>
        <Button quiet busy={asking.isPending} onClick={() => asking.mutate(() => refresh(connection))}>
          Refresh now
        </Button>
        <Confirm
          action="Disconnect"
          title={`Disconnect ${nameOf(connection)}?`}
          consequence={`Its tokens are revoked at ${provider} and deleted here. What uses this connection stops to work at once. This cannot be taken back: the account would have to be connected anew.`}
          run={() => disconnect(id)}
        />
      </div>
      <output className={styles["outcome"]}>{asking.data}</output>
      {asking.isError && <Failure error={asking.error} />}
    </div>
  );
}

async function check(id: string): Promise<string> {
  const { proven_by, connection } = await checkConnection(id);
  if (proven_by === null) return connection.diagnosis?.sentence ?? "The provider did not say whether it works.";
  return proven_by === "refresh"
    ? "It works: the provider gave a new access token."
    : "It works: the provider took its access token.";
}

async function refresh({ id, generation: before }: ConnectionDetail): Promise<string> {
  const { generation, diagnosis } = await refreshConnection(id);
  if (generation > before) return "The provider gave a new access token.";
  return diagnosis?.sentence ?? "The provider gave no new access token.";
}
