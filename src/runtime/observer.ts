/** What the service reports while it works. A closed list, so that logs, metrics and tests speak of the same events. */
export type EventName =
  | "service.started"
  | "service.stopped"
  | "connection.created"
  | "connection.degraded"
  | "connection.expiring"
  | "connection.reauthorization_required"
  | "connection.recovered"
  | "connection.disconnected"
  | "connection.discarded"
  | "connect.started"
  | "connect.failed"
  | "refresh.succeeded"
  | "refresh.failed"
  | "refresh.superseded"
  | "refresh.answer_lost"
  | "refresh.commit_retried"
  | "refresh.taken_over"
  | "refresh.spare_promoted"
  | "refresh.rejection_held"
  | "refresh.aborted"
  | "journal.failed"
  | "journal.damaged"
  | "journal.recovered"
  | "journal.replayed"
  | "instance.joined"
  | "instance.silent"
  | "instance.heard_again"
  | "database.changed"
  | "database.restored"
  | "database.unknown"
  | "connection.released"
  | "pace.throttled"
  | "breaker.opened"
  | "breaker.closed"
  | "access_token.rejected"
  | "revocation.failed"
  | "client.suspended"
  | "client.resumed"
  | "client.life_learned"
  | "store.failed"
  | "sweep.failed"
  | "request.completed"
  | "request.failed";

/** Ids, codes and numbers only; the type admits no object that could carry a secret. */
export type EventFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Observer {
  event(name: EventName, fields?: EventFields): void;
}
