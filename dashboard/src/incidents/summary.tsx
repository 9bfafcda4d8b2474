import type { Incident } from "../api/open-incidents.ts";
import { causeWords } from "../connections/cause-words.ts";
import { Card } from "../design/card.tsx";
import { Facts } from "../design/facts.tsx";
import { Time } from "../design/time.tsx";
import { About } from "./about.tsx";
import { WHO_ACTS } from "./incident-words.ts";
import { Recovery } from "./recovery.tsx";
import { StateBadge } from "./state-badge.tsx";
import styles from "./summary.module.css";

/** What to do, for whom, since when. */
export function Summary({ incident }: { incident: Incident }) {
  const { state, first_seen, last_seen, suggestion, who_acts, cause, acknowledged_at, acknowledged_by } = incident;
  const isOver = state === "resolved";
  return (
    <Card>
      <div className={styles["head"]}>
        <StateBadge state={state} />
        {acknowledged_at !== null && (
          <span className={styles["soft"]}>
            {acknowledged_by ?? "Somebody"} took it up <Time at={acknowledged_at} />
          </span>
        )}
      </div>
      <h2 className={styles["verdict"]}>{isOver ? "This is over." : WHO_ACTS[who_acts]}</h2>
      {!isOver && <p>{suggestion}</p>}
      <Recovery incident={incident} />
      <Facts
        facts={{
          About: <About incident={incident} />,
          Cause: causeWords(cause),
          Began: <Time at={first_seen} />,
          "Last joined": <Time at={last_seen} />,
          ...(isOver && { Over: <Time at={incident.resolved_at} /> }),
        }}
      />
    </Card>
  );
}
