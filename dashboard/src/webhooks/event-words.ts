import type { EventType } from "../api/webhooks.ts";

/** What each event tells; docs/events.md has more. */
const EVENTS: Record<EventType, string> = {
  "connection.created": "An account was connected",
  "connection.degraded": "Something is wrong with a connection, and may pass",
  "connection.reauthorization_required": "A user has to sign in again",
  "connection.recovered": "A connection works again",
  "connection.expiring": "A consent ends in 14, 3 or 1 days",
  "connection.disconnected": "A connection was ended",
  "client.suspended": "A provider refuses a client",
  "client.secret_expiring": "A client secret ends in 30, 7 or 1 days, or has ended",
  "incident.opened": "Several connections have the same trouble",
  "incident.resolved": "They have recovered",
  "key.rotated": "An encryption key was rotated",
};

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the record above
export const EVENT_TYPES = Object.keys(EVENTS) as EventType[];

/** The events by name, each with what it tells. */
export const EVENT_CHOICES = EVENT_TYPES.map((type) => [type, type, EVENTS[type]] as const);
