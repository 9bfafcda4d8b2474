import { Link } from "@tanstack/react-router";
import type { Incident } from "../api/open-incidents.ts";
import { Card } from "../design/card.tsx";
import { VERDICTS } from "./incident-words.ts";
import styles from "./decision.module.css";

/** What is being decided about the provider's answers, and where an operator can put things right. */
export function Decision({ incident }: { incident: Incident }) {
  const { verdict } = incident;
  const steps = stepsFor(incident);
  if (verdict === null && steps.length === 0) return null;
  return (
    <Card title={verdict === null ? "What you can do" : VERDICTS[verdict].title}>
      {verdict !== null && <p>{VERDICTS[verdict].meaning}</p>}
      {steps.length > 0 && <ul className={styles["steps"]}>{steps}</ul>}
    </Card>
  );
}

function stepsFor({ kind, verdict, client, provider }: Incident) {
  return [
    verdict === "undecided" && (
      <li key="try">
        To know sooner, open one of the connections below and choose “Check now”: if it works, the others are tried too.
      </li>
    ),
    kind === "client_suspended" && client !== null && (
      <li key="client">
        <Link to="/clients/$id" params={{ id: client }}>
          Look at the client and its secret
        </Link>
        . Once the provider takes it again, its connections go on by themselves.
      </li>
    ),
    kind === "key_unavailable" && (
      <li key="keys">
        <Link to="/keys">Look at the encryption keys</Link>. Nothing is lost while a key is away.
      </li>
    ),
    kind === "provider" && provider !== null && (
      <li key="provider">
        <Link to="/connections" search={{ provider, sort: "status_since" }}>
          See all connections at this provider
        </Link>
      </li>
    ),
  ].filter((step) => step !== false);
}
