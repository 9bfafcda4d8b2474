import type { Journaled, JournalEntry } from "../connection/journal.ts";
import { START, type Position } from "./position.ts";

/** What of an instance's journal is in the store. */
export interface Settlement {
  /** Something was appended from `start` to `end`, in the order of the calls; `entry` is null when nothing hangs on it. */
  appended(entry: Journaled | null, start: Position, end: Position): void;
  settled(entry: JournalEntry): void;
  /** Everything appended before it is in the store. */
  settledTo(): Position;
}

export function createSettlement(): Settlement {
  /** Where the token sets are that are not known to be in the store, the oldest first. */
  const unsettled = new Map<string, Position>();
  let noted: Position = START;
  return {
    appended: (entry, start, end) => {
      noted = end;
      // An unreadable answer is for a person to look at: no start can bring it to the store.
      if (entry?.kind !== "tokens") return;
      const key = keyOf(entry);
      if (!unsettled.has(key)) unsettled.set(key, start);
    },
    settled: (entry) => void unsettled.delete(keyOf(entry)),
    settledTo: () => unsettled.values().next().value ?? noted,
  };
}

function keyOf({ connectionId, receivedAt, tokens }: JournalEntry): string {
  return `${connectionId} ${tokens.generation} ${receivedAt}`;
}
