import type { CampaignPlan } from "../api/campaigns.ts";
import { CheckBoxes } from "../design/check-boxes.tsx";
import { Field } from "../design/field.tsx";
import styles from "./quiet-hours.module.css";

interface QuietHoursProps {
  quiet: CampaignPlan["quiet_hours"];
  change: (quiet: CampaignPlan["quiet_hours"]) => void;
}

/** When nobody is asked, if that is wanted; at first by this browser's clock. */
export function QuietHours({ quiet, change }: QuietHoursProps) {
  return (
    <>
      <CheckBoxes
        label="When"
        choices={[["quiet", "Ask nobody at night"]]}
        chosen={quiet ? ["quiet"] : []}
        choose={(chosen) => change(chosen.length > 0 ? atNight() : null)}
      />
      {quiet && (
        <div className={styles["hours"]}>
          <Field label="Not from">
            {(id) => (
              <input
                id={id}
                type="time"
                required
                value={quiet.from}
                onChange={({ target }) => change({ ...quiet, from: target.value })}
              />
            )}
          </Field>
          <Field label="Until">
            {(id) => (
              <input
                id={id}
                type="time"
                required
                value={quiet.to}
                onChange={({ target }) => change({ ...quiet, to: target.value })}
              />
            )}
          </Field>
          <Field label="Time zone">
            {(id) => (
              <input
                id={id}
                required
                maxLength={64}
                value={quiet.time_zone}
                onChange={({ target }) => change({ ...quiet, time_zone: target.value })}
              />
            )}
          </Field>
        </div>
      )}
    </>
  );
}

function atNight(): NonNullable<CampaignPlan["quiet_hours"]> {
  return { from: "20:00", to: "08:00", time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
}
