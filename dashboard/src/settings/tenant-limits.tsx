import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import {
  changeLimits,
  tenantQuery,
  type Tenant,
  type TenantDetail,
  type TenantLimits as Limits,
} from "../api/tenants.ts";
import { DialogButton } from "../design/dialog-button.tsx";
import { Field } from "../design/field.tsx";
import { Form } from "../design/form.tsx";
import { LIMITS } from "./limit-words.ts";

export function TenantLimits({ tenant }: { tenant: Tenant }) {
  return (
    <DialogButton
      quiet
      action="Change limits"
      title={`Limits of ${tenant.name}`}
      description="Empty for none. What there is already stays; nothing more is let in. Other processes follow within five seconds."
    >
      {(close) => <Changing tenant={tenant} close={close} />}
    </DialogButton>
  );
}

function Changing({ tenant: { id, limits }, close }: { tenant: Tenant; close: () => void }) {
  const [wanted, setWanted] = useState(limits);
  const { data } = useQuery(tenantQuery(id));
  const changing = useMutation({ mutationFn: () => changeLimits(id, wanted), onSuccess: close });
  return (
    <Form action="Save the limits" submit={() => changing.mutate()} busy={changing.isPending} error={changing.error}>
      {LIMITS.map(([name, words]) => (
        <Field key={name} label={words} hint={data && usedOf(data, name)}>
          {(field, described) => (
            <input
              id={field}
              aria-describedby={described}
              type="number"
              min={0}
              max={1_000_000_000}
              value={wanted[name] ?? ""}
              onChange={({ target: { value } }) =>
                setWanted({ ...wanted, [name]: value === "" ? null : Number(value) })
              }
            />
          )}
        </Field>
      ))}
    </Form>
  );
}

function usedOf({ usage }: TenantDetail, name: keyof Limits): string | undefined {
  const used = new Map(Object.entries(usage)).get(name);
  return used === undefined ? undefined : `There are ${used.toLocaleString("en")} now.`;
}
