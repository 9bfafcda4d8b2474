import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { previewQuery, startCampaign, type CampaignPlan } from "../api/campaigns.ts";
import type { Incident } from "../api/open-incidents.ts";
import { counted } from "../design/counted.ts";
import { DialogButton } from "../design/dialog-button.tsx";
import { Failure } from "../design/failure.tsx";
import { Field } from "../design/field.tsx";
import { Form } from "../design/form.tsx";
import { Loading } from "../design/loading.tsx";
import { QuietHours } from "./quiet-hours.tsx";
import { parseReminders } from "./reminders.ts";

/** Says whom a campaign would ask, before it is started. */
export function StartCampaign({ incident, quiet }: { incident: Incident; quiet: boolean }) {
  const isUndecided = incident.verdict === "undecided";
  return (
    <div>
      <DialogButton
        quiet={quiet || isUndecided}
        action="Ask the users"
        title="Ask the users to sign in again?"
        description="Each user is asked once, through your application, and then reminded. Those who are well again are left alone."
      >
        {(close) => (
          <>
            {isUndecided && (
              <p>
                <strong>It is not decided yet whether the provider means it.</strong> If it does not, these connections
                recover by themselves, and nobody would have had to be asked.
              </p>
            )}
            <Preview incident={incident.id} close={close} />
          </>
        )}
      </DialogButton>
    </div>
  );
}

function Preview({ incident, close }: { incident: string; close: () => void }) {
  const found = useQuery(previewQuery(incident));
  if (found.isPending) return <Loading what="whom it would ask" />;
  if (!found.data) return <Failure error={found.error} retry={() => void found.refetch()} />;
  const { connections, told } = found.data;
  if (connections === 0) {
    return (
      <p>
        There is nobody to ask: none of these connections waits for its user, or another campaign asks them already.
      </p>
    );
  }
  return (
    <>
      <p>
        <strong>
          {counted(connections, "user", "users")} will be asked
          {told > 0 && `, ${told.toLocaleString("en")} of them by the first reminder`}.
        </strong>{" "}
        {told > 0 && "Their application was told when the connection ended, and that counts as the first time."}
      </p>
      <Plan incident={incident} connections={connections} close={close} />
    </>
  );
}

function Plan({ incident, connections, close }: { incident: string; connections: number; close: () => void }) {
  const [days, setDays] = useState("3, 7");
  const [quiet, setQuiet] = useState<CampaignPlan["quiet_hours"]>(null);
  const reminders = parseReminders(days);
  const starting = useMutation({
    mutationFn: (hours: number[]) => startCampaign(incident, { remind_after_hours: hours, quiet_hours: quiet }),
    onSuccess: close,
  });
  return (
    <Form
      action={`Ask ${counted(connections, "user", "users")}`}
      submit={() => reminders !== null && starting.mutate(reminders)}
      busy={starting.isPending}
      error={starting.error}
    >
      <Field
        label="Reminders, in days after the first time"
        hint="Such as 3, 7. At most ten; empty for none."
        error={reminders === null ? "These are no ascending numbers of days." : undefined}
      >
        {(id, described) => (
          <input id={id} aria-describedby={described} value={days} onChange={({ target }) => setDays(target.value)} />
        )}
      </Field>
      <QuietHours quiet={quiet} change={setQuiet} />
    </Form>
  );
}
