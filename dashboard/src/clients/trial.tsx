import { useMutation } from "@tanstack/react-query";
import type { Client } from "../api/client-shapes.ts";
import { eraseSecret, promoteSecret } from "../api/client-secrets.ts";
import { useMay } from "../api/use-may.ts";
import { Button } from "../design/button.tsx";
import { Confirm } from "../design/confirm.tsx";
import { Failure } from "../design/failure.tsx";
import { Progress } from "../design/progress.tsx";
import { Canaries } from "./canaries.tsx";
import { WAYS } from "./proof.ts";
import { PROOFS, type RotationStep } from "./rotation-step.ts";
import styles from "./trial.module.css";

interface TrialProps {
  client: Client;
  step: Extract<RotationStep, { kind: "on_trial" | "refused" | "proven" }>;
}

/** A new secret is tried by refreshes, and what the provider says of it. */
export function Trial({ client, step }: TrialProps) {
  const { staged } = step;
  const mayWrite = useMay("clients:write");
  const proof = WAYS[client.authentication].proof ?? "secret";
  return (
    <div className={styles["trial"]}>
      <output>
        <Verdict client={client} step={step} />
      </output>
      <Progress
        label="Refreshes that have proven it"
        done={Math.min(staged.proven_count, PROOFS)}
        of={PROOFS}
        words={`${Math.min(staged.proven_count, PROOFS)} of ${PROOFS} refreshes have proven it`}
      />
      <Canaries key={staged.id} client={client} staged={staged} isOver={step.kind !== "on_trial"} />
      {mayWrite && (
        <div className={styles["buttons"]}>
          {step.kind === "proven" ? (
            <Promote client={client} step={step} />
          ) : (
            <Confirm
              action="Promote it unproven"
              title={`Use the new ${proof} without proof?`}
              consequence={`Every refresh uses it from now on. The old one is kept for a day, and used again where the provider refuses the new one.`}
              run={() => promoteSecret(client.id, staged.id, true)}
            />
          )}
          <Confirm
            action={`Give up the new ${proof}`}
            title={`Erase the new ${proof}?`}
            consequence={`Everything goes on with the old one, as it does now. The new one would have to be added again.`}
            run={() => eraseSecret(client.id, staged.id)}
          />
        </div>
      )}
    </div>
  );
}

function Promote({ client, step }: TrialProps) {
  const promoting = useMutation({ mutationFn: () => promoteSecret(client.id, step.staged.id, false) });
  return (
    <>
      <Button busy={promoting.isPending} onClick={() => promoting.mutate()}>
        Promote it
      </Button>
      {promoting.isError && <Failure error={promoting.error} />}
    </>
  );
}

function Verdict({ client, step }: TrialProps) {
  const proof = WAYS[client.authentication].proof ?? "secret";
  switch (step.kind) {
    case "refused":
      return (
        <>
          <strong>
            The provider refused the new {proof} (<code>{step.code}</code>).
          </strong>{" "}
          It is not tried again, and everything goes on with the old one. Check that it belongs to the client{" "}
          {client.client_id}, and add the right one.
        </>
      );
    case "proven":
      return <>The provider takes the new {proof}. Promote it, and every refresh uses it.</>;
    case "on_trial":
      return (
        <>
          Refreshes try the new {proof} as they become due.{" "}
          {step.staged.signing_key && "The provider has ten minutes to read its public key before it is tried. "}
          {step.staged.promotes_itself
            ? "It is promoted by itself when it is proven."
            : "You promote it when it is proven."}
        </>
      );
  }
}
