import { CheckBoxes } from "../design/check-boxes.tsx";
import type { Endpoint } from "../api/webhooks.ts";
import { EVENT_CHOICES, EVENT_TYPES } from "./event-words.ts";

interface EventChoiceProps {
  /** Null for all, also those of later versions. */
  events: Endpoint["events"];
  choose: (events: Endpoint["events"]) => void;
}

/** Which events an endpoint hears of. */
export function EventChoice({ events, choose }: EventChoiceProps) {
  return (
    <>
      <CheckBoxes
        label="Events"
        choices={[["all", "All events, also those of later versions"]]}
        chosen={events === null ? ["all"] : []}
        choose={(chosen) => choose(chosen.length > 0 ? null : EVENT_TYPES)}
      />
      {events !== null && (
        <CheckBoxes label="Which" choices={EVENT_CHOICES} chosen={events} choose={(chosen) => choose(chosen)} />
      )}
    </>
  );
}
