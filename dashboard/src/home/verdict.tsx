import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { ConnectionStatus } from "../api/connections.ts";
import type { Overview } from "../api/overview.ts";
import { counted } from "../design/counted.ts";
import styles from "./verdict.module.css";

/** In one sentence whether anything is wrong; each part of it leads to where it can be put right. */
export function Verdict({ overview }: { overview: Overview }) {
  const troubles = troublesOf(overview);
  const { Icon, tone } = LOOKS[gravest(troubles)];
  return (
    <section aria-label="Is anything wrong?" aria-live="polite" className={`${styles["verdict"]} ${styles[tone]}`}>
      <Icon size={28} aria-hidden="true" />
      <h2 className={styles["sentence"]}>
        {troubles.length === 0
          ? allWork(overview)
          : troubles.map(({ key, part }, place) => <Part key={key} part={part} place={place} of={troubles.length} />)}
      </h2>
    </section>
  );
}

function Part({ part, place, of }: { part: ReactNode; place: number; of: number }) {
  const joint = place === 0 ? "" : place === of - 1 ? (of > 2 ? ", and " : " and ") : ", ";
  return (
    <>
      {joint}
      {part}
      {place === of - 1 && "."}
    </>
  );
}

type Gravity = "good" | "waiting" | "bad";

interface Trouble {
  key: string;
  gravity: Gravity;
  part: ReactNode;
}

const LOOKS = {
  good: { Icon: CircleCheck, tone: "good" },
  waiting: { Icon: TriangleAlert, tone: "waiting" },
  bad: { Icon: CircleAlert, tone: "bad" },
} as const satisfies Record<Gravity, unknown>;

function gravest(troubles: readonly Trouble[]): Gravity {
  if (troubles.some(({ gravity }) => gravity === "bad")) return "bad";
  return troubles.length > 0 ? "waiting" : "good";
}

function allWork({ connections }: Overview): string {
  const living = connections.total - connections.by_status.disconnected;
  if (living === 0) return "Every connection was ended.";
  return living === 1 ? "The connection works." : `All ${living.toLocaleString("en")} connections work.`;
}

/** Refreshes may be so late without anybody noticing. */
const LATE = 120;

function troublesOf({ connections, open_incidents, refresh_backlog }: Overview): Trouble[] {
  const { reauthorization_required: ended, suspended, degraded } = connections.by_status;
  const overdue = refresh_backlog.oldest_overdue_seconds;
  return [
    ended > 0 && {
      key: "ended",
      gravity: "bad" as const,
      part: (
        <Link to="/connections" search={newestOf("reauthorization_required")}>
          {counted(ended, "connection needs its user", "connections need their users")} to sign in
        </Link>
      ),
    },
    suspended > 0 && {
      key: "suspended",
      gravity: "bad" as const,
      part: (
        <Link to="/connections" search={newestOf("suspended")}>
          {counted(suspended, "is", "are")} paused because of a client or a key
        </Link>
      ),
    },
    degraded > 0 && {
      key: "degraded",
      gravity: "waiting" as const,
      part: (
        <Link to="/connections" search={newestOf("degraded")}>
          {counted(degraded, "has", "have")} something wrong but {degraded === 1 ? "goes" : "go"} on
        </Link>
      ),
    },
    open_incidents.total > 0 && {
      key: "incidents",
      gravity: "bad" as const,
      part: <Link to="/incidents">{counted(open_incidents.total, "incident is", "incidents are")} open</Link>,
    },
    overdue > LATE && {
      key: "late",
      gravity: "waiting" as const,
      part: `refreshes are ${counted(Math.round(overdue / 60), "minute", "minutes")} late`,
    },
  ].filter((trouble) => trouble !== false);
}

function newestOf(status: ConnectionStatus) {
  return { status, sort: "status_since" };
}
