import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { rotateKey } from "../api/api-keys.ts";
import { DialogButton } from "../design/dialog-button.tsx";
import { Field } from "../design/field.tsx";
import { Form } from "../design/form.tsx";
import { ShownOnce } from "../design/shown-once.tsx";
import { Time } from "../design/time.tsx";

export function RotateKey({ id, name }: { id: string; name: string }) {
  return (
    <DialogButton
      quiet
      action="Rotate"
      title={`Rotate “${name}”?`}
      description="Makes a key with the same name, scopes, addresses and limit. The old one lives on for a while, so that whatever uses it can change over."
    >
      {() => <Rotating id={id} />}
    </DialogButton>
  );
}

const OVERLAPS = [
  [0, "not at all, because it has leaked"],
  [3600, "an hour"],
  [86_400, "a day"],
  [604_800, "a week"],
  [2_592_000, "30 days"],
] as const;

function Rotating({ id }: { id: string }) {
  const [overlap, setOverlap] = useState(86_400);
  const rotating = useMutation({ mutationFn: () => rotateKey(id, overlap), gcTime: 0 });
  if (rotating.data) {
    const { key, replaced_expires_at } = rotating.data;
    return (
      <>
        <ShownOnce text={key} what="the new key" use="It takes the place of the old one." />
        <p>
          The old one ends <Time at={replaced_expires_at} />.
        </p>
      </>
    );
  }
  return (
    <Form action="Make the new key" submit={() => rotating.mutate()} busy={rotating.isPending} error={rotating.error}>
      <Field label="The old one lives on for">
        {(field) => (
          <select id={field} value={overlap} onChange={({ target }) => setOverlap(Number(target.value))}>
            {OVERLAPS.map(([seconds, words]) => (
              <option key={seconds} value={seconds}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
    </Form>
  );
}
