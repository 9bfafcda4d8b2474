import type { HistoryDetail, NewHistoryEntry } from "../connection/history.ts";
import { MINUTE } from "../runtime/clock.ts";

/** What people and applications are told. Few and named; docs/events.md says what each means. */
export const EVENT_TYPES = [
  "connection.created",
  "connection.degraded",
  "connection.reauthorization_required",
  "connection.recovered",
  "connection.expiring",
  "connection.disconnected",
  "client.suspended",
  "client.secret_expiring",
  "incident.opened",
  "incident.resolved",
  "key.rotated",
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** One change, told once: it is put into the outbox by the transaction that makes it, or not at all. */
export interface NewEvent {
  type: EventType;
  tenantId: string;
  /** What it is about; null where it is about no such thing. */
  connectionId: string | null;
  clientId: string | null;
  incidentId: string | null;
  /** Codes, causes and times; never a token. */
  detail: HistoryDetail;
}

export interface OutboxEvent extends NewEvent {
  id: string;
  /** Counts up; of two events of one connection, the later change has the higher one. */
  number: number;
  at: number;
}

/**
 * So long an event is held: what a connection gets over by itself in that time is told to nobody. Milliseconds.
 */
export function holdOf(type: EventType): number {
  return HELD[type] ?? 0;
}

const HELD: Partial<Record<EventType, number>> = {
  "connection.degraded": 5 * MINUTE,
  "connection.reauthorization_required": MINUTE,
};

/** What is told of a change of a connection; null where nobody needs to hear of it. */
export function eventTypeOf({ kind, detail }: Pick<NewHistoryEntry, "kind" | "detail">): EventType | null {
  switch (kind) {
    case "connected":
    case "imported":
      return "connection.created";
    case "degraded":
    // Nobody is asked to act any more.
    case "reprieved":
      return "connection.degraded";
    case "reauthorization_required":
      return "connection.reauthorization_required";
    case "recovered":
      return "connection.recovered";
    case "reauthorized":
      // Something is still to be wished: less was allowed than is needed, or nothing for later.
      if (detail["cause"] !== undefined) return "connection.degraded";
      // A connection that was well has more scopes now, and nobody was waiting for it.
      return detail["was"] === "active" ? null : "connection.recovered";
    case "expiring":
      return "connection.expiring";
    case "disconnected":
      return "connection.disconnected";
    case "account_switched":
    case "refreshed":
    case "refresh_failed":
    case "answer_lost":
    case "superseded":
    case "spare_promoted":
    case "recovered_from_journal":
    case "recovered_from_memory":
    case "rejection_held":
    case "held_after_restore":
    case "released_after_restore":
    case "moved_out":
    case "released_after_export":
    case "security_event":
      return null;
  }
}
