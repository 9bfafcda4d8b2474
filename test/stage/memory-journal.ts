import type { Journal, Journaled, JournalEntry } from "../../src/connection/journal.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import type { Gate } from "./gate.ts";

/** A journal without a disk, for engines in a world of their own. Journals of one `host` can look into each other. */
export interface MemoryJournal extends Journal {
  readonly entries: readonly Journaled[];
  /** Appended, and not said to be in the store. */
  unsettled(): JournalEntry[];
  /** The disk takes nothing until it is mended. */
  broken: boolean;
  /** The process of this journal has ended. */
  ended: boolean;
  /** The next entry waits for the gate before it is on disk. */
  hold(gate: Gate): void;
}

export function createMemoryJournal(instanceId: string, host: Map<string, MemoryJournal> = new Map()): MemoryJournal {
  const entries: Journaled[] = [];
  const newest = new Map<string, JournalEntry>();
  const settled = new Set<JournalEntry>();
  const gates: Gate[] = [];
  const tokenEntries = () => entries.filter((entry) => entry.kind === "tokens");

  const journal: MemoryJournal = {
    entries,
    broken: false,
    ended: false,
    hold: (gate) => void gates.push(gate),
    append: async (entry) => {
      await gates.shift()?.passed();
      if (journal.ended) return new Promise(() => undefined);
      if (journal.broken) throw new ServiceError("journal_unavailable", "The disk of the journal is full.");
      entries.push(entry);
      if (entry.kind === "tokens") newest.set(entry.connectionId, entry);
    },
    settled: (entry) => void settled.add(entry),
    unsettled: () => tokenEntries().filter((entry) => !settled.has(entry)),
    isWritable: () => !journal.broken,
    newest: (connectionId) => newest.get(connectionId) ?? null,
    since: async (time) =>
      [...host.values()].flatMap((other) =>
        other.entries.filter((entry) => entry.kind === "tokens").filter((entry) => entry.receivedAt >= time),
      ),
    isGone: (id) => host.get(id)?.ended ?? false,
    ofOthers: async (connectionId) =>
      [...host.values()]
        .filter((other) => other !== journal)
        .flatMap((other) => other.entries.filter((entry) => entry.kind === "tokens"))
        .filter((entry) => entry.connectionId === connectionId),
  };
  host.set(instanceId, journal);
  return journal;
}
