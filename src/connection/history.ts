/** What happened to a connection, in the order it happened; rows are only ever appended. */
export interface HistoryEntry {
  id: number;
  at: number;
  kind: HistoryKind;
  generation: number;
  /** Codes, causes and times; never a token. */
  detail: HistoryDetail;
}

export type HistoryDetail = Readonly<Record<string, string | number | boolean | null>>;

export type HistoryKind =
  | "connected"
  | "imported"
  | "refreshed"
  | "refresh_failed"
  | "answer_lost"
  | "degraded"
  /** The consent ends in so many days, which refreshing cannot put off. */
  | "expiring"
  | "recovered"
  | "reauthorization_required"
  | "reauthorized"
  /** Its person chose to let another account take its place. */
  | "account_switched"
  | "superseded"
  | "spare_promoted"
  | "recovered_from_journal"
  | "recovered_from_memory"
  | "rejection_held"
  /** It was ended in a provider's bad hour, and is tried once more. */
  | "reprieved"
  | "held_after_restore"
  | "released_after_restore"
  /** It was given to another system, which refreshes it from now on. */
  | "moved_out"
  /** The other system has not taken it. */
  | "released_after_export"
  /** The provider told of something other than in an answer. */
  | "security_event"
  | "disconnected";

/** An entry before the store gives it its number and time. */
export type NewHistoryEntry = Pick<HistoryEntry, "kind" | "generation" | "detail">;
