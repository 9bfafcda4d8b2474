import type { ConnectionDetail } from "../api/connection.ts";
import { Check, CircleAlert } from "lucide-react";
import { Card } from "../design/card.tsx";
import styles from "./scopes.module.css";

/** What its user allowed, and what is needed and was not. */
export function Scopes({ connection }: { connection: ConnectionDetail }) {
  const { granted_scopes: granted, missing_scopes: missing } = connection;
  return (
    <Card title="Scopes">
      {missing.length > 0 && (
        <>
          <p>Not granted, and needed: its user is asked for them by the next sign-in.</p>
          <ul className={styles["scopes"]} aria-label="Missing scopes">
            {missing.map((scope) => (
              <li key={scope} className={styles["missing"]}>
                <CircleAlert size={14} aria-hidden="true" />
                {scope}
              </li>
            ))}
          </ul>
        </>
      )}
      {granted.length === 0 && <p>The provider did not say what it granted.</p>}
      {granted.length > 0 && (
        <ul className={styles["scopes"]} aria-label="Granted scopes">
          {granted.map((scope) => (
            <li key={scope} className={styles["granted"]}>
              <Check size={14} aria-hidden="true" />
              {scope}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
