import { Link } from "@tanstack/react-router";
import type { ConnectionDetail } from "../api/connection.ts";
import { WHAT_IT_MEANS, WHO_ACTS } from "../connections/status-words.ts";
import { Card } from "../design/card.tsx";
import { Facts } from "../design/facts.tsx";
import { plain } from "../design/plain.ts";
import { StatusBadge } from "../design/status-badge.tsx";
import { Time } from "../design/time.tsx";
import { ReauthorizationLink } from "./reauthorization-link.tsx";
import styles from "./state.module.css";

interface StateProps {
  connection: ConnectionDetail;
  mayChange: boolean;
}

/** In plain words: whether it works, since when, why not, who can change that, and where. */
export function State({ connection, mayChange }: StateProps) {
  const { id, client, status, status_since, diagnosis, last_proven_at, reauthorization_url } = connection;
  return (
    <Card>
      <div className={styles["head"]}>
        <StatusBadge status={status} />
        <span className={styles["soft"]}>
          Changed <Time at={status_since} />, last proven <Time at={last_proven_at} />
        </span>
      </div>
      <h2 className={styles["verdict"]}>{WHAT_IT_MEANS[status]}</h2>
      {diagnosis && <Diagnosis diagnosis={diagnosis} failures={connection.failures} />}
      {mayChange && reauthorization_url !== null && <ReauthorizationLink id={id} />}
      {status === "suspended" && (
        <p>
          <Link to="/clients/$id" params={{ id: client }}>
            Go to the client that is at fault
          </Link>
        </p>
      )}
    </Card>
  );
}

type Found = NonNullable<ConnectionDetail["diagnosis"]>;

function Diagnosis({ diagnosis, failures }: { diagnosis: Found; failures: number }) {
  const evidence = Object.entries(diagnosis.evidence).map(([name, value]) => [
    plain(name),
    value === null ? "not known" : String(value),
  ]);
  return (
    <>
      <p>{diagnosis.sentence}</p>
      <p>
        <strong>{WHO_ACTS[diagnosis.who_acts]}</strong>
        {failures > 0 && ` Failed attempts since the last success: ${failures}.`}
      </p>
      <details className={styles["evidence"]}>
        <summary>What this rests on</summary>
        <Facts
          facts={{
            Cause: `${plain(diagnosis.cause)}, ${HOW_SURE[diagnosis.confidence]}`,
            ...Object.fromEntries(evidence),
          }}
        />
      </details>
    </>
  );
}

const HOW_SURE: Record<Found["confidence"], string> = {
  certain: "which is certain",
  likely: "which is likely",
  possible: "which is possible",
};
