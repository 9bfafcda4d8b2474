import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Provider } from "../api/client-shapes.ts";
import { addProvider } from "../api/providers.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Failure } from "../design/failure.tsx";
import { Field } from "../design/field.tsx";
import { FieldsForm } from "../design/fields-form.tsx";
import { textOf } from "../design/read-fields.ts";

/** One that is not in the catalogue: what its issuer publishes says the rest (RFC 8414, OIDC Discovery). */
export function AddProvider({ providers }: { providers: readonly Provider[] }) {
  const navigate = useNavigate();
  const adding = useMutation({
    mutationFn: async (form: FormData) => {
      const name = textOf(form, "name");
      return addProvider({ id: idFor(name, providers), name, issuer: textOf(form, "issuer") });
    },
    onSuccess: ({ id }) => navigate({ to: "/connect", search: { provider: id } }),
  });
  return (
    <Card title="A provider that is not listed">
      <p>
        Any OAuth or OpenID Connect server that publishes its metadata can be added by its issuer. One that publishes
        none is added with <code>PUT /v1/providers</code>.
      </p>
      <FieldsForm submit={(form) => adding.mutate(form)}>
        <Field label="Name" hint="What people here call it.">
          {(id, described) => (
            <input id={id} aria-describedby={described} name="name" required maxLength={200} autoComplete="off" />
          )}
        </Field>
        <Field label="Issuer" hint="Such as https://accounts.example.com">
          {(id, described) => (
            <input
              id={id}
              aria-describedby={described}
              name="issuer"
              type="url"
              required
              maxLength={2000}
              autoComplete="off"
            />
          )}
        </Field>
        {adding.isError && <Failure error={adding.error} />}
        <Button type="submit" quiet busy={adding.isPending}>
          Read its metadata
        </Button>
      </FieldsForm>
    </Card>
  );
}

const LONGEST = 50;

/** Lower-case letters, digits and hyphens, and none that is taken: an entry that is there is not changed from here. */
function idFor(name: string, providers: readonly Provider[]): string {
  const words = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, LONGEST);
  const base = words.replaceAll(/^-|-$/g, "") || "provider";
  const taken = new Set(providers.map(({ id }) => id));
  let id = base;
  for (let count = 2; taken.has(id); count++) id = `${base}-${count}`;
  return id;
}
