import { useMutation } from "@tanstack/react-query";
import { changeConnection, type ConnectionDetail, type Policy } from "../api/connection.ts";
import { Card } from "../design/card.tsx";
import { Failure } from "../design/failure.tsx";
import { Field } from "../design/field.tsx";
import { Labels } from "./labels.tsx";

interface UpkeepProps {
  connection: ConnectionDetail;
  mayChange: boolean;
}

/** When it is refreshed, and by which labels it is found. */
export function Upkeep({ connection, mayChange }: UpkeepProps) {
  return (
    <Card title="Upkeep">
      {mayChange ? <PolicyChoice connection={connection} /> : <p>{POLICIES[connection.policy]}</p>}
      <Labels connection={connection} mayChange={mayChange} />
    </Card>
  );
}

function PolicyChoice({ connection: { id, policy } }: { connection: ConnectionDetail }) {
  const changing = useMutation({ mutationFn: (chosen: Policy) => changeConnection(id, { policy: chosen }) });
  return (
    <>
      <Field label="When it is refreshed">
        {(field) => (
          <select
            id={field}
            value={changing.isPending ? changing.variables : policy}
            disabled={changing.isPending}
            onChange={({ target }) => {
              const chosen = CHOICES.find((each) => each === target.value);
              if (chosen) changing.mutate(chosen);
            }}
          >
            {CHOICES.map((each) => (
              <option key={each} value={each}>
                {POLICIES[each]}
              </option>
            ))}
          </select>
        )}
      </Field>
      {changing.isError && <Failure error={changing.error} />}
    </>
  );
}

const CHOICES = ["adaptive", "eager", "on_demand"] as const satisfies readonly Policy[];

const POLICIES: Record<Policy, string> = {
  adaptive: "By whether it is in use (adaptive)",
  eager: "Always ahead of need (eager)",
  on_demand: "Only when its token is asked for (on demand)",
};
