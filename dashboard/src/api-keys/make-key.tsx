import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { makeKey, type NewApiKey } from "../api/api-keys.ts";
import { may } from "../api/may.ts";
import { sessionQuery } from "../api/session.ts";
import { CheckBoxes } from "../design/check-boxes.tsx";
import { DialogButton } from "../design/dialog-button.tsx";
import { Field } from "../design/field.tsx";
import { Form } from "../design/form.tsx";
import { ShownOnce } from "../design/shown-once.tsx";
import { TenantFilter } from "../tenants/tenant-filter.tsx";
import { KeyLimits, NO_LIMITS, readLimits } from "./key-limits.tsx";
import { SCOPE_CHOICES } from "./scope-words.ts";

export function MakeKey() {
  return (
    <DialogButton
      action="Make an API key"
      title="Make an API key"
      description="One for each application, with what it needs and nothing more."
    >
      {() => <Making />}
    </DialogButton>
  );
}

const WHAT_MOST_NEED: Pick<NewApiKey, "name" | "scopes"> = { name: "", scopes: ["token:read"] };

function Making() {
  const { data: session } = useQuery(sessionQuery);
  const [key, setKey] = useState(WHAT_MOST_NEED);
  const [tenant, setTenant] = useState<string>();
  const [limits, setLimits] = useState(NO_LIMITS);
  const making = useMutation({ mutationFn: makeKey, gcTime: 0 });
  if (making.data) {
    return <ShownOnce text={making.data.key} what="the key" use="Give it to the application as a secret." />;
  }
  const grantable = SCOPE_CHOICES.filter(([scope]) => session && may(session, scope));
  return (
    <Form
      action="Make the key"
      submit={() => making.mutate({ ...key, ...readLimits(limits), ...(tenant !== undefined && { tenant }) })}
      busy={making.isPending}
      error={making.error}
      incomplete={key.scopes.length === 0 ? "Choose at least one scope." : undefined}
    >
      <Field label="Name" hint="Who uses it, such as “worker”.">
        {(id, described) => (
          <input
            id={id}
            aria-describedby={described}
            required
            maxLength={200}
            value={key.name}
            onChange={({ target }) => setKey({ ...key, name: target.value })}
          />
        )}
      </Field>
      <TenantFilter tenant={tenant} choose={(to) => setTenant(to === "" ? undefined : to)} />
      <CheckBoxes
        label="What it may do"
        choices={grantable}
        chosen={key.scopes}
        choose={(scopes) => setKey({ ...key, scopes })}
      />
      <KeyLimits limits={limits} change={setLimits} />
    </Form>
  );
}
