import { useState } from "react";
import { replaySince } from "../api/deliveries.ts";
import type { Endpoint } from "../api/webhooks.ts";
import { Confirm } from "../design/confirm.tsx";
import { counted } from "../design/counted.ts";
import { Field } from "../design/field.tsx";
import styles from "./replay-many.module.css";

const HOUR = 3_600_000;
/** How long events are kept. */
const KEPT = 30 * 24 * HOUR;

/** After an outage at the receiver: what was given up, or everything since a time. */
export function ReplayMany({ endpoint: { id, failing_since, disabled_at } }: { endpoint: Endpoint }) {
  const [since, setSince] = useState(() => toLocal(failing_since ?? disabled_at ?? ago(24 * HOUR)));
  const [done, setDone] = useState("");
  const tell = async (replayed: Promise<number>): Promise<void> => {
    setDone(`${counted(await replayed, "event is", "events are")} sent again.`);
  };
  return (
    <div className={styles["replay"]}>
      <h3>Send many again</h3>
      <p>Receivers know a message by its id, so that one which comes twice does no harm.</p>
      <div className={styles["choices"]}>
        <Confirm
          action="Send all again that were given up"
          title="Send what was given up again?"
          consequence="Every event of the last 30 days that this endpoint did not take is sent again, the oldest first."
          harmless
          run={() => tell(replaySince(id, ago(KEPT), "given_up"))}
        />
        <Field label="Everything since">
          {(field) => (
            <input id={field} type="datetime-local" value={since} onChange={({ target }) => setSince(target.value)} />
          )}
        </Field>
        <Confirm
          action="Send everything since then"
          title="Send all events since then again?"
          consequence="Also those that arrived, and those that this endpoint did not hear of because it was disabled."
          harmless
          disabled={since === ""}
          run={() => tell(replaySince(id, new Date(since).toISOString()))}
        />
      </div>
      <output>{done}</output>
    </div>
  );
}

function ago(milliseconds: number): string {
  return new Date(Date.now() - milliseconds).toISOString();
}

/** As the field wants it: by the clock of this browser, without a zone. */
function toLocal(at: string): string {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
