import type { Connection, ConnectionStatus } from "./connection.ts";
import type { Cause, Diagnosis } from "./cause.ts";
import type { HistoryEntry, NewHistoryEntry } from "./history.ts";
import type { TokenRecord } from "./token-record.ts";

/** When a connection is to be refreshed, and how its last attempts went. */
export interface RefreshLease {
  /** Null: never by itself. */
  dueAt: number | null;
  /** No attempt before this time; 0 when the last one went well. */
  backoffUntil: number;
  /** Attempts since the last success. */
  failures: number;
  /** Why the last attempt decided nothing; null after a success. */
  cause: Cause | null;
  /** The generation whose refresh token was last about to be sent, and when. Equal to the current one: no answer is known. */
  attemptGeneration: number | null;
  attemptAt: number | null;
}

/** All that a read or a refresh needs to know, as of one moment. */
export interface Snapshot {
  connection: Connection;
  /** Once disconnected it holds no tokens any more, but still counts the generation. */
  tokens: TokenRecord;
  lease: RefreshLease;
  /** While the provider refuses the client: when the next refresh may ask whether it still does; else null. */
  clientProbeAt: number | null;
}

export type NewConnection = Omit<Connection, "createdAt" | "statusSince">;

export interface ConnectionQuery {
  tenantId: string;
  limit: number;
  /** Only ids after this one; null from the start. */
  after: string | null;
  status: ConnectionStatus | null;
  clientId: string | null;
}

/** A token set that is to follow the one of generation `tokens.generation - 1`. */
export interface Commit {
  connectionId: string;
  tokens: TokenRecord;
  dueAt: number | null;
  history: readonly NewHistoryEntry[];
}

/** What a new consent says about a connection. */
export type Consent = Pick<
  Connection,
  "account" | "requestedScopes" | "grantedScopes" | "status" | "diagnosis" | "consentedAt" | "lastProvenAt"
>;

/** A change of status that holds only while `generation` is still the newest. */
export interface StatusChange {
  connectionId: string;
  generation: number;
  status: ConnectionStatus;
  diagnosis: Diagnosis | null;
  history: NewHistoryEntry;
}

export interface ResolvedAttempt {
  connectionId: string;
  generation: number;
  /** Every answer for this generation is known, so its refresh token was not spent; false when one was lost. */
  answered: boolean;
}

/** An attempt that decided nothing; the next may be made at `backoffUntil`. */
export interface Postponement extends ResolvedAttempt {
  backoffUntil: number;
  diagnosis: Diagnosis;
  /** The trouble has lasted: an `active` connection becomes `degraded`. */
  degrade: boolean;
  /** Null for repetitions, so that an outage does not fill the history. */
  history: NewHistoryEntry | null;
}

/**
 * Connections and their token sets. Every method is one transaction: it happened whole or not at all, and what it says
 * survives a crash. Each throws `ServiceError` `store_unavailable` when the database does not take it.
 */
export interface ConnectionStore {
  create(connection: NewConnection, tokens: TokenRecord, dueAt: number | null, history: NewHistoryEntry): Promise<void>;
  snapshot(id: string): Promise<Snapshot | null>;
  list(query: ConnectionQuery): Promise<Connection[]>;
  history(id: string, page: { limit: number; before: number | null }): Promise<HistoryEntry[]>;

  /** Connections that are due now and not backing off, most urgent first. */
  due(limit: number): Promise<string[]>;
  /**
   * Notes that the refresh token of `generation` is about to be sent. It also proves that the store takes writes before the
   * step that cannot be taken back. `moved`: another generation is current, nothing may be sent.
   */
  claim(id: string, generation: number): Promise<"claimed" | "moved">;
  /** Makes a token set the newest if its predecessor still is; a working one also ends `degraded`. */
  commit(commit: Commit): Promise<"committed" | "superseded">;
  /** After an attempt that decided nothing. */
  postpone(postponement: Postponement): Promise<void>;
  /** After an attempt that said nothing about this connection: it is due again as before. */
  release(attempt: ResolvedAttempt): Promise<void>;
  /** Changes the status by compare-and-set on the generation. Leaving `isLive` also clears what was due. */
  setStatus(change: StatusChange): Promise<"changed" | "superseded">;
  /** A person consented anew, whatever the status was: like `commit`, and takes over what the consent changed. */
  reauthorize(commit: Commit, consent: Consent): Promise<"committed" | "superseded">;
  /** Ends the connection and deletes its token set. */
  disconnect(id: string, history: NewHistoryEntry): Promise<void>;
  setLabels(id: string, labels: Record<string, string>): Promise<void>;
  /** Notes that the provider confirmed the connection, without a new token set. */
  markProven(id: string): Promise<void>;
  /** Deletes `refreshed` history older than `before`. */
  pruneHistory(before: number): Promise<void>;
}
