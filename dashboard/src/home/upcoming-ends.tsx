import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Overview } from "../api/overview.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Time, useNow } from "../design/time.tsx";
import styles from "./upcoming-ends.module.css";

type End = Overview["upcoming_ends"][number];

const DAYS = 30;
const DAY = 86_400_000;
const FEW = 5;

/** What ends in the next thirty days although it is refreshed, on a line of days, and below it the soonest. */
export function UpcomingEnds({ ends }: { ends: readonly End[] }) {
  const [all, setAll] = useState(false);
  return (
    <Card title="Ends in the next 30 days">
      {ends.length === 0 ? (
        <p className={styles["none"]}>Nothing that refreshing could not put off.</p>
      ) : (
        <>
          <Days ends={ends} />
          <ol className={styles["list"]}>
            {(all ? ends : ends.slice(0, FEW)).map((end) => (
              <EndRow key={`${end.connection} ${end.kind}`} end={end} />
            ))}
          </ol>
          {!all && ends.length > FEW && (
            <div>
              <Button quiet onClick={() => setAll(true)}>
                Show all {ends.length}
              </Button>
            </div>
          )}
        </>
      )}
    </Card>
  );
}

function EndRow({ end: { connection, account_label, end_user, kind, at, who_acts } }: { end: End }) {
  return (
    <li className={styles["end"]}>
      <Link to="/connections/$id" params={{ id: connection }}>
        {account_label ?? end_user ?? connection}
      </Link>
      <Time at={at} />
      <span className={styles["soft"]}>
        {KINDS[kind]} {ACTIONS[who_acts]}
      </span>
    </li>
  );
}

const KINDS: Record<End["kind"], string> = {
  consent: "The consent ends.",
  testing: "The client is in status Testing, so the consent ends.",
  refresh_token: "The refresh token ends.",
};

const ACTIONS: Record<End["who_acts"], string> = {
  nobody: "Nobody has to act.",
  user: "Its user has to sign in again before.",
  customer_admin: "An administrator of the customer has to act before.",
  operator: "You have to act before.",
};

/** How many end on each day; the list below says the same in words. */
function Days({ ends }: { ends: readonly End[] }) {
  const now = useNow();
  const counts = Array.from({ length: DAYS }, () => 0);
  for (const { at } of ends) {
    const day = Math.min(DAYS - 1, Math.max(0, Math.floor((Date.parse(at) - now) / DAY)));
    counts[day] = (counts[day] ?? 0) + 1;
  }
  const most = Math.max(...counts);
  return (
    <div aria-hidden="true">
      <div className={styles["days"]}>
        {counts.map((count, day) => (
          <div
            // oxlint-disable-next-line react/no-array-index-key -- a day is its place
            key={day}
            className={count > 0 ? styles["some"] : styles["day"]}
            style={{ blockSize: heightOf(count, most) }}
          />
        ))}
      </div>
      <p className={styles["axis"]}>
        <span>today</span>
        <span>in 30 days</span>
      </p>
    </div>
  );
}

function heightOf(count: number, most: number): string {
  return count === 0 ? "2px" : `${20 + (80 * count) / most}%`;
}
