import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { addEndpoint, type EndpointFields as Fields } from "../api/webhooks.ts";
import { DialogButton } from "../design/dialog-button.tsx";
import { Form } from "../design/form.tsx";
import { ShownOnce } from "../design/shown-once.tsx";
import { EndpointFields } from "./endpoint-fields.tsx";

export function AddEndpoint() {
  return (
    <DialogButton
      action="Add an endpoint"
      title="Add a webhook endpoint"
      description="Messages are signed (Standard Webhooks), and sent again until they arrive."
    >
      {() => <Adding />}
    </DialogButton>
  );
}

const EMPTY: Fields = { url: "", description: "", events: null, all_tenants: false };

function Adding() {
  const [fields, setFields] = useState(EMPTY);
  const adding = useMutation({ mutationFn: addEndpoint, gcTime: 0 });
  if (adding.data) {
    const { id, secret } = adding.data;
    return (
      <>
        <ShownOnce text={secret} what="the secret" use="Your application verifies messages with it." />
        <Link to="/webhooks/$id" params={{ id }}>
          Go to the endpoint and send a test
        </Link>
      </>
    );
  }
  return (
    <Form
      action="Add the endpoint"
      submit={() => adding.mutate(fields)}
      busy={adding.isPending}
      error={adding.error}
      incomplete={fields.events?.length === 0 ? "Choose at least one event." : undefined}
    >
      <EndpointFields fields={fields} change={setFields} />
    </Form>
  );
}
