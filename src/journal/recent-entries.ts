import type { JournalEntry } from "../connection/journal.ts";

/** The latest token set of each connection, for as many connections as were appended for last. */
export interface RecentEntries {
  add(entry: JournalEntry): void;
  newest(connectionId: string): JournalEntry | null;
}

export function createRecentEntries(limit: number): RecentEntries {
  /** The connection that was longest without an entry is the first. */
  const entries = new Map<string, JournalEntry>();
  return {
    add: (entry) => {
      entries.delete(entry.connectionId);
      entries.set(entry.connectionId, entry);
      const [oldest] = entries.keys();
      if (entries.size > limit && oldest !== undefined) entries.delete(oldest);
    },
    newest: (connectionId) => entries.get(connectionId) ?? null,
  };
}
