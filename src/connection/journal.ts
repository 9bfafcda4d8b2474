import type { TokenRecord } from "./token-record.ts";

/** A token set that was received and is to become generation `tokens.generation`; its secrets are sealed already. */
export interface JournalEntry {
  kind: "tokens";
  tenantId: string;
  connectionId: string;
  /** Epoch milliseconds by the clock of the instance that received it. */
  receivedAt: number;
  tokens: TokenRecord;
}

/** A successful answer that could not be understood: a refresh token may be in it, so it is kept for a person to look at. */
export interface UnreadableEntry {
  kind: "unreadable";
  tenantId: string;
  connectionId: string;
  receivedAt: number;
  /** The generation whose refresh token had been sent. */
  generation: number;
  /** The body, sealed as field `unreadable_answer` of that generation. */
  sealedBody: Uint8Array;
}

export type Journaled = JournalEntry | UnreadableEntry;

/**
 * The local, fsynced record of received token sets (DESIGN §5.6). A rotated refresh token is here before it is anywhere else,
 * so that neither a crash nor a database that loses its last commits loses it.
 */
export interface Journal {
  /** On disk when this resolves. Throws `ServiceError` `journal_unavailable` when the disk does not take it. */
  append(entry: Journaled): Promise<void>;
  /** The entry's token set is in the store: a normal start need not bring it there again. Never throws. */
  settled(entry: JournalEntry): void;
  /** False from a failed write until one succeeds again; the journal tries by itself. */
  isWritable(): boolean;
  /** The latest token set of the connection among those appended lately by this instance; null when there is none. */
  newest(connectionId: string): JournalEntry | null;
  /** Token sets received at `time` or later, by this instance or by others whose journal can be reached from here. */
  since(time: number): Promise<JournalEntry[]>;
  /** Has the process of that instance provably ended? Then it holds nothing that is not in its journal. Cheap. */
  isGone(instanceId: string): boolean;
  /** The connection's token sets in all other journals that can be reached from here, if their owners may not have stored them. */
  ofOthers(connectionId: string): Promise<JournalEntry[]>;
}
