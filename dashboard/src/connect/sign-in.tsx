import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Client } from "../api/client-shapes.ts";
import { startConnectSession, type StartedConnectSession } from "../api/connect-sessions.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Failure } from "../design/failure.tsx";
import { Field } from "../design/field.tsx";
import { FieldsForm } from "../design/fields-form.tsx";
import { textOf } from "../design/read-fields.ts";
import { FollowSignIn } from "./follow-sign-in.tsx";

/** A link for whoever owns the account, and what becomes of it. Who holds the link can use it, so it is kept nowhere. */
export function SignIn({ client, providerName }: { client: Client; providerName: string }) {
  const [started, setStarted] = useState<StartedConnectSession | null>(null);
  return (
    <Card title="Connect an account">
      {started === null ? (
        <MakeLink client={client} made={setStarted} />
      ) : (
        <FollowSignIn key={started.id} started={started} providerName={providerName} again={() => setStarted(null)} />
      )}
    </Card>
  );
}

function MakeLink({ client, made }: { client: Client; made: (started: StartedConnectSession) => void }) {
  const starting = useMutation({
    mutationFn: (endUser: string) =>
      startConnectSession({ client: client.id, ...(endUser !== "" && { end_user: endUser }) }),
    onSuccess: made,
    gcTime: 0,
  });
  return (
    <FieldsForm submit={(fields) => starting.mutate(textOf(fields, "end_user"))}>
      <p>Make a link for the sign-in. Open it yourself, or send it to whoever owns the account.</p>
      <Field label="Your name for the user (optional)" hint="What your application calls the user, such as an id.">
        {(id, described) => (
          <input id={id} aria-describedby={described} name="end_user" maxLength={200} autoComplete="off" />
        )}
      </Field>
      {starting.isError && <Failure error={starting.error} />}
      <Button type="submit" busy={starting.isPending}>
        Make the link
      </Button>
    </FieldsForm>
  );
}
