import { useQuery } from "@tanstack/react-query";
import { isOperatorsAdmin } from "../api/may.ts";
import { sessionQuery } from "../api/session.ts";
import type { EndpointFields as Fields } from "../api/webhooks.ts";
import { CheckBoxes } from "../design/check-boxes.tsx";
import { Field } from "../design/field.tsx";
import { EventChoice } from "./event-choice.tsx";

interface EndpointFieldsProps {
  fields: Fields;
  change: (fields: Fields) => void;
}

/** What makes an endpoint: where, for what, and of which events. */
export function EndpointFields({ fields, change }: EndpointFieldsProps) {
  const { data: session } = useQuery(sessionQuery);
  return (
    <>
      <Field label="Address" hint="An https URL of your application, which the service can reach.">
        {(id, described) => (
          <input
            id={id}
            aria-describedby={described}
            type="url"
            required
            maxLength={2000}
            placeholder="https://"
            value={fields.url}
            onChange={({ target }) => change({ ...fields, url: target.value })}
          />
        )}
      </Field>
      <Field label="What it is for" hint="For whoever reads the list.">
        {(id, described) => (
          <input
            id={id}
            aria-describedby={described}
            maxLength={200}
            value={fields.description}
            onChange={({ target }) => change({ ...fields, description: target.value })}
          />
        )}
      </Field>
      <EventChoice events={fields.events} choose={(events) => change({ ...fields, events })} />
      {session && isOperatorsAdmin(session) && (
        <CheckBoxes
          label="Whose"
          choices={[["all", "Events of every tenant, not only your own"]]}
          chosen={fields.all_tenants ? ["all"] : []}
          choose={(chosen) => change({ ...fields, all_tenants: chosen.length > 0 })}
        />
      )}
    </>
  );
}
