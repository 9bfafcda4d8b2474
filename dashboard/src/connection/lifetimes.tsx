import type { ConnectionDetail } from "../api/connection.ts";
import { Card } from "../design/card.tsx";
import { Time, useNow } from "../design/time.tsx";
import styles from "./lifetimes.module.css";

/** How long what is held still lives: the access token, the refresh token and the consent, with now in each picture. */
export function Lifetimes({ connection }: { connection: ConnectionDetail }) {
  const { obtained_at, consented_at, access_token_expires_at, refresh_expires_at, consent_ends_at, next_refresh_at } =
    connection;
  return (
    <Card title="How long it lives">
      <Life name="Access token" from={obtained_at} to={access_token_expires_at} mark={next_refresh_at} />
      <Life name="Refresh token, if it is not used" from={obtained_at} to={refresh_expires_at} />
      <Life name="Consent, however often it is refreshed" from={consented_at} to={consent_ends_at} />
      <p className={styles["next"]}>
        Next refresh{next_refresh_at !== null && access_token_expires_at !== null && ", marked above"}:{" "}
        <Time at={next_refresh_at} none="when its access token is asked for" />
      </p>
    </Card>
  );
}

interface LifeProps {
  name: string;
  from: string | null;
  to: string | null;
  /** When it is renewed. */
  mark?: string | null;
}

function Life({ name, from, to, mark = null }: LifeProps) {
  const now = useNow();
  const span = from !== null && to !== null ? { from: Date.parse(from), to: Date.parse(to) } : null;
  return (
    <div className={styles["life"]}>
      <h3>{name}</h3>
      <p className={styles["end"]}>
        {to === null ? "not known to end" : <Ending at={to} isOver={Date.parse(to) <= now} />}
      </p>
      {span && (
        <div className={styles["bar"]} aria-hidden="true">
          <div className={styles["left"]} style={{ insetInlineStart: `${share(span, now)}%` }} />
          {mark !== null && (
            <div className={styles["mark"]} style={{ insetInlineStart: `${share(span, Date.parse(mark))}%` }} />
          )}
          <div className={styles["now"]} style={{ insetInlineStart: `${share(span, now)}%` }} />
        </div>
      )}
    </div>
  );
}

function Ending({ at, isOver }: { at: string; isOver: boolean }) {
  return (
    <>
      {isOver ? "ended " : "ends "}
      <Time at={at} />
    </>
  );
}

/** How much of the span is over at that moment, in per cent. */
function share({ from, to }: { from: number; to: number }, at: number): number {
  if (to <= from) return 100;
  return Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));
}
