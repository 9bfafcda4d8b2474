import { useMutation } from "@tanstack/react-query";
import type { Client, ClientChange } from "../api/client-shapes.ts";
import { changeClient } from "../api/clients.ts";
import { Button } from "../design/button.tsx";
import { CheckField } from "../design/check-field.tsx";
import { Failure } from "../design/failure.tsx";
import { Field } from "../design/field.tsx";
import { FieldsForm } from "../design/fields-form.tsx";
import { textOf, wordsOf } from "../design/read-fields.ts";

/** What can change of a client: never what its refresh tokens depend on. */
export function ChangeSettings({ client, done }: { client: Client; done: () => void }) {
  const { scopes, settings, dpop } = client;
  const changing = useMutation({
    mutationFn: (fields: FormData) => changeClient(client.id, changeIn(fields)),
    onSuccess: done,
  });
  return (
    <FieldsForm submit={(fields) => changing.mutate(fields)}>
      <LinesField name="scopes" label="Scopes" hint="One a line. Asked for from the next consent on." lines={scopes} />
      <LinesField
        name="required_scopes"
        label="Scopes required"
        hint="A connection without one of them is degraded, and goes on."
        lines={settings.required_scopes}
      />
      <LinesField
        name="return_urls"
        label="Return URLs"
        hint="Where your application may have its users sent after the sign-in. Compared exactly."
        lines={settings.return_urls}
      />
      <Field label="Prove unused connections every so many days" hint="0: never.">
        {(id, described) => (
          <input
            id={id}
            aria-describedby={described}
            name="probe_every_days"
            type="number"
            min={0}
            max={365}
            required
            defaultValue={settings.probe_every_days}
          />
        )}
      </Field>
      <CheckField
        name="offline_access"
        label="Stay connected while the user is away"
        checked={settings.offline_access}
      />
      <CheckField name="prove" label="Prove each new connection by a first refresh" checked={settings.prove} />
      <CheckField
        name="testing"
        label="In a test status at the provider"
        hint="Where consents end after seven days, as at Google."
        checked={settings.testing}
      />
      <CheckField
        name="dpop"
        label="Bind its tokens to a key (DPoP)"
        hint="From the next consent on; the tokens that there are stay as they are."
        checked={dpop}
      />
      {changing.isError && <Failure error={changing.error} />}
      <Button type="submit" busy={changing.isPending}>
        Save
      </Button>
      <Button quiet onClick={done}>
        Cancel
      </Button>
    </FieldsForm>
  );
}

interface LinesFieldProps {
  name: string;
  label: string;
  hint: string;
  lines: readonly string[];
}

function LinesField({ name, label, hint, lines }: LinesFieldProps) {
  return (
    <Field label={label} hint={hint}>
      {(id, described) => (
        <textarea
          id={id}
          aria-describedby={described}
          name={name}
          rows={Math.min(8, lines.length + 2)}
          defaultValue={lines.join("\n")}
          spellCheck={false}
          autoComplete="off"
        />
      )}
    </Field>
  );
}

function changeIn(fields: FormData): ClientChange {
  return {
    scopes: wordsOf(fields, "scopes"),
    dpop: fields.has("dpop"),
    settings: {
      required_scopes: wordsOf(fields, "required_scopes"),
      return_urls: wordsOf(fields, "return_urls"),
      probe_every_days: Number(textOf(fields, "probe_every_days")),
      offline_access: fields.has("offline_access"),
      prove: fields.has("prove"),
      testing: fields.has("testing"),
    },
  };
}
