import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { Client, Provider } from "../api/client-shapes.ts";
import { secretsQuery } from "../api/client-secrets.ts";
import { useMay } from "../api/use-may.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Steps } from "../design/steps.tsx";
import { AddSecret } from "./add-secret.tsx";
import { FormerSecret } from "./former-secret.tsx";
import { WAYS } from "./proof.ts";
import { DONE, STEPS, stepOf, type RotationStep } from "./rotation-step.ts";
import { Trial } from "./trial.tsx";

interface RotationProps {
  client: Client;
  provider: Provider | undefined;
}

/** The change of a client's secret, step by step, while everything goes on. */
export function Rotation({ client, provider }: RotationProps) {
  const secrets = useQuery(secretsQuery(client.id));
  const mayWrite = useMay("clients:write");
  const proof = WAYS[client.authentication].proof ?? "secret";
  if (secrets.isPending) return <Loading what="the secrets" />;
  if (secrets.isError) return <Failure error={secrets.error} retry={() => void secrets.refetch()} />;
  const step = stepOf(client, secrets.data);
  return (
    <Card title={TITLES[proof]}>
      <Steps label={`The change of the ${proof}`} steps={STEPS} done={DONE[step.kind]} />
      <Now step={step} client={client} />
      {mayWrite && mayAdd(step) && (
        <Begin key={step.kind} isUrgent={step.kind !== "settled"} proof={proof}>
          <AddSecret client={client} provider={provider} />
        </Begin>
      )}
    </Card>
  );
}

interface BeginProps {
  /** Something waits for it. */
  isUrgent: boolean;
  proof: string;
  children: ReactNode;
}

function Begin({ isUrgent, proof, children }: BeginProps) {
  const [begun, setBegun] = useState(isUrgent);
  if (begun) return children;
  return (
    <div>
      <Button onClick={() => setBegun(true)}>Change the {proof}</Button>
    </div>
  );
}

function Now({ step, client }: { step: RotationStep; client: Client }) {
  const proof = WAYS[client.authentication].proof ?? "secret";
  switch (step.kind) {
    case "settled":
      return <p>One {proof} is in use. Change it while it is still good: nothing stops meanwhile.</p>;
    case "missing":
      return <p>The provider refuses every {proof} that it was shown. The one that you add is used at once.</p>;
    case "on_trial":
    case "refused":
    case "proven":
      return <Trial client={client} step={step} />;
    case "kept":
      return <FormerSecret client={client} former={step.former} />;
  }
}

const TITLES = { secret: "Secret", key: "Key", certificate: "Certificate" } as const;

/** Two at a time; one that was refused makes room by itself. */
function mayAdd({ kind }: RotationStep): boolean {
  return kind === "settled" || kind === "missing" || kind === "refused";
}
