import { DAY, HOUR, MINUTE } from "../runtime/clock.ts";
import type { EventType, OutboxEvent } from "./event.ts";

/** What the operators are written at once, a mail for each. */
const MAILED_AT_ONCE: ReadonlySet<EventType> = new Set<EventType>([
  "client.suspended",
  "client.secret_expiring",
  "incident.opened",
  "incident.resolved",
]);

/** Has it a mail of its own? That a client was suspended is told once, and not as its incident too. */
export function isMailedAtOnce({ type, detail }: Pick<OutboxEvent, "type" | "detail">): boolean {
  return MAILED_AT_ONCE.has(type) && !(type === "incident.opened" && detail["kind"] === "client_suspended");
}

/** What they read of in the digest, unless an incident tells it. */
export const DIGESTED: readonly EventType[] = [
  "connection.degraded",
  "connection.reauthorization_required",
  "connection.expiring",
  "connection.recovered",
];

/** There is no digest sooner than so long after the last one. */
export const DIGEST_EVERY = HOUR;
/** The first event waits so long for others of the same storm. */
export const DIGEST_GATHERS = 5 * MINUTE;
/** Older ones are no news: the setting was added since. */
export const DIGEST_REACHES = DAY;
/** Events that one digest sums up; the rest is for the next. */
export const MOST_DIGESTED = 10_000;

/** A mail that this instance alone may send until its lease is over. */
export interface ClaimedMail {
  number: number;
  kind: MailKind;
  /** Of a warning. */
  endpointId: string | null;
  /** From 1. */
  attempt: number;
}

/** One event; what happened to connections since the last one; an endpoint that is about to be disabled. */
export const MAIL_KINDS = ["event", "digest", "endpoint_failing"] as const;

export type MailKind = (typeof MAIL_KINDS)[number];

/** `cancelled`: what it would tell was deleted. */
export type MailEnd = { kind: "sent" } | { kind: "failed"; retryInMs: number | null } | { kind: "cancelled" };

/** What the operators are to be written. A mail holds only the numbers of its events, and says what is there when it is sent. */
export interface MailStore {
  /** Puts the events of the next digest together, if there are any and it is time. One at a time, however many instances ask. */
  gather(): Promise<boolean>;
  claim(leaseMs: number): Promise<ClaimedMail | null>;
  /** What a mail tells, the oldest first. */
  events(mail: number): Promise<OutboxEvent[]>;
  /** A failure only counts while nobody has claimed it since. */
  note(mail: ClaimedMail, end: MailEnd): Promise<void>;
}
