import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { Client, NewSecret, Provider } from "../api/client-shapes.ts";
import { addSecret } from "../api/client-secrets.ts";
import { Button } from "../design/button.tsx";
import { Confirm } from "../design/confirm.tsx";
import { Failure } from "../design/failure.tsx";
import { Field } from "../design/field.tsx";
import { FieldsForm } from "../design/fields-form.tsx";
import { textOf } from "../design/read-fields.ts";
import { ProofFields } from "./proof-fields.tsx";
import { WAYS, endIn, readProof } from "./proof.ts";

interface AddSecretProps {
  client: Client;
  provider: Provider | undefined;
}

/** What is to become of the new one, in the words of the API. */
const PLANS = {
  proven: { words: "Use it as soon as three refreshes have proven it", wish: { promote: "when_proven" } },
  manual: { words: "Try it, and wait until I promote it", wish: { promote: "manually" } },
  leak: { words: "The old one has leaked: use it now, erase the old one", wish: { stage: "active", retire: "now" } },
} as const satisfies Record<string, { words: string; wish: Partial<NewSecret> }>;

type Plan = keyof typeof PLANS;

export function AddSecret({ client, provider }: AddSecretProps) {
  const [plan, setPlan] = useState<Plan>("proven");
  const proof = WAYS[client.authentication].proof ?? "secret";
  const adding = useMutation({
    mutationFn: (form: HTMLFormElement) => addSecret(client.id, newSecretIn(new FormData(form), client, plan)),
    onSuccess: (_added, form) => form.reset(),
    gcTime: 0,
  });
  const form = useRef<HTMLFormElement>(null);
  const replaceNow = async (): Promise<void> => {
    if (form.current) await adding.mutateAsync(form.current);
  };
  return (
    <FieldsForm ref={form} submit={(_fields, filledIn) => plan !== "leak" && adding.mutate(filledIn)}>
      <p>{adviceFor(proof, provider)}</p>
      <ProofFields authentication={client.authentication} />
      {client.suspension?.cause !== "client_secret_rejected" && (
        <Field label="What happens with it" hint={plan === "leak" ? LEAK : TRIED}>
          {(id, described) => (
            <select
              id={id}
              aria-describedby={described}
              name="plan"
              value={plan}
              onChange={(event) => setPlan(planNamed(event.target.value))}
            >
              {Object.entries(PLANS).map(([name, { words }]) => (
                <option key={name} value={name}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {plan === "leak" ? (
        <Confirm
          action={`Replace the ${proof} now`}
          title={`Use the new ${proof} and erase the old one?`}
          consequence={`The old ${proof} is erased at once and never used again. If the new one is wrong, the client is suspended until you add another.`}
          run={replaceNow}
        />
      ) : (
        <>
          {adding.isError && <Failure error={adding.error} />}
          <Button type="submit" busy={adding.isPending}>
            Add the {proof}
          </Button>
        </>
      )}
    </FieldsForm>
  );
}

function newSecretIn(fields: FormData, client: Client, plan: Plan): NewSecret {
  const end = endIn(fields, "expires_at");
  return {
    ...readProof(fields, client.authentication),
    ...(end !== undefined && { expires_at: end }),
    ...(textOf(fields, "plan") !== "" && PLANS[plan].wish),
  };
}

function planNamed(name: string): Plan {
  return name === "manual" || name === "leak" ? name : "proven";
}

const TRIED =
  "A few refreshes try it, one at a time. If the provider refuses it they go on with the old one, and nobody notices.";
const LEAK = "Nothing goes back to the old one, however wrong the new one is. End the old one at the provider too.";

function adviceFor(proof: string, provider: Provider | undefined): string {
  if (proof === "key") {
    return "The new key is published at the JWKS URL as soon as it is there. A provider that is told its keys has to be told this one too.";
  }
  if (proof === "certificate")
    return "Register the new certificate at the provider, beside the old one, and hand it over here.";
  return SECRET_ADVICE[provider?.secret_rotation ?? "unknown"];
}

const SECRET_ADVICE = {
  two_live: "Make another secret at the provider, beside the old one, and hand it over here.",
  replaced_at_once:
    "This provider ends the old secret in the moment in which you make another: hand it over here right away.",
  unknown: "Make another secret at the provider, beside the old one if it allows two, and hand it over here.",
} as const;
