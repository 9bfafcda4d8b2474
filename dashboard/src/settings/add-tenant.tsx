import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { addTenant } from "../api/tenants.ts";
import { DialogButton } from "../design/dialog-button.tsx";
import { Field } from "../design/field.tsx";
import { Form } from "../design/form.tsx";

export function AddTenant() {
  return (
    <div>
      <DialogButton
        quiet
        action="Add a tenant"
        title="Add a tenant"
        description="Its clients, connections and API keys are kept apart from those of others, and sealed by its own keys. Then make its first API key, for that tenant."
      >
        {(close) => <Adding close={close} />}
      </DialogButton>
    </div>
  );
}

function Adding({ close }: { close: () => void }) {
  const [name, setName] = useState("");
  const adding = useMutation({ mutationFn: addTenant, onSuccess: close });
  return (
    <Form action="Add the tenant" submit={() => adding.mutate(name)} busy={adding.isPending} error={adding.error}>
      <Field label="Name">
        {(id) => (
          <input id={id} required maxLength={200} value={name} onChange={({ target }) => setName(target.value)} />
        )}
      </Field>
    </Form>
  );
}
