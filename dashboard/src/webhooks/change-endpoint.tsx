import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { changeEndpoint, type Endpoint } from "../api/webhooks.ts";
import { DialogButton } from "../design/dialog-button.tsx";
import { Form } from "../design/form.tsx";
import { EndpointFields } from "./endpoint-fields.tsx";

export function ChangeEndpoint({ endpoint }: { endpoint: Endpoint }) {
  return (
    <DialogButton
      quiet
      action="Change"
      title="Change the endpoint"
      description="What is on its way already is sent to the new address too."
    >
      {(close) => <Changing endpoint={endpoint} close={close} />}
    </DialogButton>
  );
}

function Changing({ endpoint, close }: { endpoint: Endpoint; close: () => void }) {
  const { id, url, description, events, all_tenants } = endpoint;
  const before = { url, description, events, all_tenants };
  const [fields, setFields] = useState(before);
  const changing = useMutation({ mutationFn: () => changeEndpoint(id, differing(before, fields)), onSuccess: close });
  return (
    <Form
      action="Save"
      submit={() => changing.mutate()}
      busy={changing.isPending}
      error={changing.error}
      incomplete={fields.events?.length === 0 ? "Choose at least one event." : undefined}
    >
      <EndpointFields fields={fields} change={setFields} />
    </Form>
  );
}

/** Only what was changed is sent, and so only that is written down in the audit log. */
function differing<Fields extends object>(before: Fields, after: Fields): Partial<Fields> {
  const old = new Map<string, unknown>(Object.entries(before));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a part of `after`
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => old.get(name) !== value),
  ) as Partial<Fields>;
}
