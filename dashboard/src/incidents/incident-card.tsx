import { Link } from "@tanstack/react-router";
import { causeWords } from "../connections/cause-words.ts";
import type { Incident } from "../api/open-incidents.ts";
import { Time } from "../design/time.tsx";
import { About } from "./about.tsx";
import styles from "./incident-card.module.css";
import { KINDS, WHO_ACTS } from "./incident-words.ts";
import { Recovery } from "./recovery.tsx";
import { StateBadge } from "./state-badge.tsx";

/** One that is not over: what, for whom, since when, and what to do. */
export function IncidentCard({ incident }: { incident: Incident }) {
  const { id, kind, state, first_seen, cause, suggestion, who_acts } = incident;
  return (
    <article aria-labelledby={id} className={`${styles["card"]} ${styles[state]}`}>
      <div className={styles["head"]}>
        <StateBadge state={state} />
        <span className={styles["soft"]}>
          Since <Time at={first_seen} />
        </span>
      </div>
      <h2 id={id}>
        <Link to="/incidents/$id" params={{ id }}>
          {KINDS[kind]}
        </Link>
      </h2>
      <p className={styles["soft"]}>
        <About incident={incident} /> · {causeWords(cause)}
      </p>
      <Recovery incident={incident} />
      <p>
        <strong>{WHO_ACTS[who_acts]}</strong> {suggestion}
      </p>
    </article>
  );
}
