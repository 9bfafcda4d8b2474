import type { Client } from "../api/client-shapes.ts";
import { Facts } from "../design/facts.tsx";
import { StatusBadge } from "../design/status-badge.tsx";
import { Time } from "../design/time.tsx";
import styles from "./client-state.module.css";

/** Whether the provider takes the client; if not, since when, and what to do. What becomes of a new secret `Rotation` tells. */
export function ClientState({ client: { status, suspension, warnings } }: { client: Client }) {
  return (
    <section aria-label="State" className={styles["state"]}>
      <StatusBadge status={status} />
      {suspension && (
        <>
          <p>
            <strong>{suspension.sentence}</strong>
          </p>
          <p>
            {HELP[suspension.cause] ?? ""} Until then nothing is refreshed with this client. Its connections keep their
            tokens, and go on by themselves as soon as the provider accepts the client again, which is tried every
            minute.
          </p>
          <Facts
            facts={{ Since: <Time at={suspension.since} />, "The provider said": <code>{suspension.code}</code> }}
          />
        </>
      )}
      {warnings
        .filter(({ code }) => code === "secret_expires" || code === "secret_expired")
        .map(({ secret, sentence }) => (
          <p key={secret}>{sentence}</p>
        ))}
    </section>
  );
}

const HELP: Readonly<Record<string, string>> = {
  client_secret_rejected: "Make a secret at the provider and add it below.",
  client_disabled: "Switch the client on again at the provider.",
};
