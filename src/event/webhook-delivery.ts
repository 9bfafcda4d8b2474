import { DAY, SECOND } from "../runtime/clock.ts";
import type { TransportFailure } from "../oauth/http.ts";
import type { EventType, OutboxEvent } from "./event.ts";

/** One event on its way to one endpoint. It is kept for `DELIVERIES_KEPT` after it came to its end. */
export interface WebhookDelivery {
  /** `whd_…` */
  id: string;
  endpointId: string;
  eventId: string;
  type: EventType;
  state: DeliveryState;
  /** Counted anew when it is replayed. */
  attempts: number;
  /** When it is sent next; null once it came to its end. */
  nextAt: number | null;
  /** Of the last attempt; null before the first. */
  lastAt: number | null;
  /** The HTTP status of the last answer, if there was one. */
  lastStatus: number | null;
  /** Why the last attempt was no success; null if it was. */
  lastCode: DeliveryCode | null;
  createdAt: number;
  finishedAt: number | null;
}

/** `cancelled`: what it was about was deleted. */
export const DELIVERY_STATES = ["pending", "delivered", "given_up", "cancelled"] as const;

export type DeliveryState = (typeof DELIVERY_STATES)[number];

const FAILURES = [
  "blocked_address",
  "bad_url",
  "dns",
  "refused",
  "proxy",
  "tls",
  "timeout",
  "reset",
  "too_large",
] as const satisfies readonly TransportFailure["reason"][];

/** `http_status`: an answer that is not 2xx, a redirect too. */
export const DELIVERY_CODES = ["http_status", ...FAILURES, "key_unavailable"] as const;

export type DeliveryCode = (typeof DELIVERY_CODES)[number];

/** What came of sending one message. */
export interface SendOutcome {
  status: number | null;
  /** Null for a success. */
  code: DeliveryCode | null;
  /** `Retry-After` of the answer, milliseconds. */
  retryAfterMs: number | null;
  durationMs: number;
}

/** A delivery that this instance alone may send until its lease is over. */
export interface ClaimedDelivery extends Pick<WebhookDelivery, "id" | "endpointId" | "eventId" | "type"> {
  /** From 1; tells this claim from later ones. */
  attempt: number;
  eventNumber: number;
}

export interface DeliveryClaim {
  limit: number;
  perEndpoint: number;
  exceptEndpoints: readonly string[];
}

export type DeliveryEnd =
  | { kind: "delivered"; outcome: SendOutcome }
  /** `retryInMs` null: it was given up. `mailOperators`: a warning goes to them too. */
  | { kind: "failed"; outcome: SendOutcome; retryInMs: number | null; mailOperators: boolean }
  /** What it is about is not there any more. */
  | { kind: "cancelled" };

/** What a failure did to its endpoint. */
export type EndpointTurn = "warned" | "disabled" | null;

export interface DeliveryQuery {
  endpointId: string;
  limit: number;
  /** Only those before this one; null from the newest on. */
  before: string | null;
  state: DeliveryState | null;
}

export interface Replay {
  endpointId: string;
  /** Epoch milliseconds: events from `since` on and before `until`. */
  since: number;
  until: number | null;
  /** Only those that were given up there. */
  onlyGivenUp: boolean;
  limit: number;
}

export interface DeliveryStore {
  /**
   * Deliveries that are due, at enabled endpoints; for `DELIVERY_LEASE` nobody else gets them. Of those about the same connection at
   * the same endpoint only the oldest: the next one comes when that is delivered or given up.
   */
  claim(claim: DeliveryClaim): Promise<ClaimedDelivery[]>;
  /** Null where it was deleted. */
  event(number: number): Promise<OutboxEvent | null>;
  /** A success counts whoever has claimed it since; a failure only while nobody has. */
  note(delivery: ClaimedDelivery, end: DeliveryEnd): Promise<EndpointTurn>;
  /** The newest first. */
  list(query: DeliveryQuery): Promise<WebhookDelivery[]>;
  /** Sends it again, at once. False where the endpoint has no such delivery. */
  replay(endpointId: string, id: string): Promise<boolean>;
  /**
   * Sends events again, the oldest first and at most `limit` of them, also those that it did not hear of because it was disabled.
   * Those of one millisecond are sent together, even if they are more. `nextSince`: where the rest begins; null when there is none.
   */
  replaySince(replay: Replay): Promise<{ replayed: number; nextSince: number | null }>;
  /** How many wait to be sent, and for how long the oldest does. Milliseconds. */
  waiting(): Promise<{ count: number; oldestMs: number }>;
  /** Deletes up to `limit` of what is older than it is kept: deliveries, events and mails. Returns how many. */
  prune(limit: number): Promise<number>;
}

/** Longer than a request and everything around it takes. */
export const DELIVERY_LEASE = 60 * SECOND;
export const DELIVERIES_KEPT = 30 * DAY;

/** An endpoint without a success for so long is warned of, and later disabled. Milliseconds of failing. */
export const WARNED_AFTER = 2 * DAY;
export const DISABLED_AFTER = 3 * DAY;
