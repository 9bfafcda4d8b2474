import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, CircleDashed } from "lucide-react";
import { useState } from "react";
import type { Client, ClientSecret } from "../api/client-shapes.ts";
import { useMay } from "../api/use-may.ts";
import { nameOf } from "../connection/name-of.ts";
import { Button } from "../design/button.tsx";
import { Failure } from "../design/failure.tsx";
import { sendCanaries, type Canary, type CanaryOutcome } from "./send-canaries.ts";
import styles from "./canaries.module.css";

interface CanariesProps {
  client: Client;
  staged: ClientSecret;
  /** The provider has said what it thinks of the secret. */
  isOver: boolean;
}

/** A few connections that try the new secret now and not when they are due, one after the other. */
export function Canaries({ client, staged, isOver }: CanariesProps) {
  const [canaries, setCanaries] = useState<readonly Canary[]>([]);
  const sending = useMutation({ mutationFn: () => sendCanaries(client.id, staged.id, setCanaries) });
  if (!useMay("connections:write")) return null;
  return (
    <div className={styles["canaries"]}>
      {!isOver && (
        <Button quiet busy={sending.isPending} onClick={() => sending.mutate()}>
          Try it now
        </Button>
      )}
      <ul aria-live="polite" className={styles["list"]}>
        {canaries.map(({ connection, outcome, sentence }, index) => (
          <li key={`${connection.id} ${String(index)}`}>
            <Sign outcome={outcome} />
            <span>
              <Link to="/connections/$id" params={{ id: connection.id }}>
                {nameOf(connection)}
              </Link>
              : {sentence}
            </span>
          </li>
        ))}
      </ul>
      {sending.isError && <Failure error={sending.error} />}
      {sending.data?.tried === 0 && <p>No connection of this client works at the moment, so none can try it.</p>}
    </div>
  );
}

function Sign({ outcome }: { outcome: CanaryOutcome }) {
  if (outcome === "trying") return <CircleDashed size={16} aria-hidden="true" className={styles["waiting"]} />;
  if (outcome === "taken") return <CircleCheck size={16} aria-hidden="true" className={styles["good"]} />;
  return <CircleAlert size={16} aria-hidden="true" className={styles["bad"]} />;
}
