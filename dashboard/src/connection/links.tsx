import { revokeLinks, type ConnectionDetail } from "../api/connection.ts";
import { Card } from "../design/card.tsx";
import { Confirm } from "../design/confirm.tsx";
import styles from "./links.module.css";
import { ReauthorizationLink } from "./reauthorization-link.tsx";

/** The links by which its user signs in again, wanted or not at the moment. */
export function Links({ connection }: { connection: ConnectionDetail }) {
  const isAskedAbove = connection.reauthorization_url !== null;
  return (
    <Card title="Signing in again">
      <p>By a reauthorization link its user signs in again, and the connection stays the same.</p>
      <div className={styles["buttons"]}>
        {!isAskedAbove && <ReauthorizationLink id={connection.id} quiet />}
        <Confirm
          action="Revoke all links"
          title="Revoke every reauthorization link?"
          consequence="Links that its user was sent before will no longer work. The connection itself stays as it is, and you can make a new link at any time."
          run={() => revokeLinks(connection.id)}
        />
      </div>
    </Card>
  );
}
