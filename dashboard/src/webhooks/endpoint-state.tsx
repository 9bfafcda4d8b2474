import type { Endpoint } from "../api/webhooks.ts";
import { Card } from "../design/card.tsx";
import { Facts } from "../design/facts.tsx";
import { Time } from "../design/time.tsx";
import { EndpointBadge } from "./endpoint-badge.tsx";

/** Whether messages arrive there, since when not, and what happens next. */
export function EndpointState({ endpoint }: { endpoint: Endpoint }) {
  const { id, url, description, events, all_tenants, last_success_at, failing_since, disabled_at, created_at } =
    endpoint;
  return (
    <Card>
      <div>
        <EndpointBadge endpoint={endpoint} />
      </div>
      <h2>{sentenceOf(endpoint)}</h2>
      <Facts
        facts={{
          Address: url,
          ...(description !== "" && { "What for": description }),
          Events: events === null ? "All, also those of later versions" : events.join(", "),
          ...(all_tenants && { Whose: "Of every tenant" }),
          "Last success": <Time at={last_success_at} />,
          ...(failing_since !== null && { "Failing since": <Time at={failing_since} /> }),
          ...(disabled_at !== null && { Disabled: <Time at={disabled_at} /> }),
          Added: <Time at={created_at} />,
          Id: <code>{id}</code>,
        }}
      />
    </Card>
  );
}

function sentenceOf({ status, disabled_reason, failing_since, warned_at, last_success_at }: Endpoint): string {
  if (status === "disabled") return DISABLED[disabled_reason ?? "by_request"];
  if (warned_at !== null) {
    return "Nothing has come through for two days. Mend it, or it is disabled a day after the warning.";
  }
  if (failing_since !== null) return "Messages do not arrive. They are sent again, with longer and longer pauses.";
  return last_success_at === null ? "Nothing was sent yet. Send a test." : "Messages arrive.";
}

const DISABLED: Record<NonNullable<Endpoint["disabled_reason"]>, string> = {
  by_request: "It is disabled, and nothing is sent to it.",
  gone: "It said that it is gone (410), and so nothing is sent to it any more.",
  failing:
    "Nothing came through for three days, and so it was disabled. Enable it once it works, then replay what it missed.",
};
