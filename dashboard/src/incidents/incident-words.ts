import type { Incident } from "../api/open-incidents.ts";
import type { IncidentMember } from "../api/incidents.ts";

/** What is wrong, in a heading. */
export const KINDS: Record<Incident["kind"], string> = {
  rejections: "Many connections were rejected at once",
  client_suspended: "A client is refused by its provider",
  provider: "A provider is in trouble",
  tenant: "Many connections of one tenant are in trouble",
  key_unavailable: "An encryption key cannot be used",
};

/** Who can put it right. */
export const WHO_ACTS: Record<Incident["who_acts"], string> = {
  nobody: "Nobody has to act now.",
  user: "The users of these connections have to sign in again.",
  customer_admin: "An administrator of the customer has to act.",
  operator: "You, the operator, have to act.",
};

/** Whether the provider means what it says, and what that decides. */
export const VERDICTS: Record<NonNullable<Incident["verdict"]>, { title: string; meaning: string }> = {
  undecided: {
    title: "Not decided yet whether the provider means it",
    meaning:
      "A provider in trouble may reject what is good. Until that is found out nobody is asked to sign in again, and some of these connections are tried every few minutes. It is decided after an hour and a quarter at the latest.",
  },
  bad_hour: {
    title: "The provider had a bad hour",
    meaning: "It accepts again what it rejected. What had ended before is tried once more, and nobody is asked to act.",
  },
  meant: {
    title: "The provider means it",
    meaning: "It said so again, and the applications of all these connections were told.",
  },
};

/** How a connection in it is. */
export const CONDITIONS: Record<IncidentMember["condition"], string> = {
  held: "Rejected, and not believed yet",
  ended: "Ended",
  tried: "Tried once more, and ended",
  troubled: "In trouble",
};
