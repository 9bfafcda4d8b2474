import type { Journal, Journaled, JournalEntry } from "../../src/connection/journal.ts";
import { SECOND } from "../../src/runtime/clock.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import type { Runner } from "./scheduler.ts";
import { plaintextOf } from "./transparent-sealer.ts";

/** What outlives the processes of one host: their journals. */
export interface Disk {
  folders: Map<string, Folder>;
  /** The refresh tokens of all of it, by name, and since when. */
  holds: Map<string, number>;
  /** It takes nothing before this time. */
  unwritableUntil: number;
}

/** The journal of one instance. */
export interface Folder {
  owner: Runner;
  records: { entry: Journaled; settled: boolean }[];
}

export function createDisk(): Disk {
  return { folders: new Map(), holds: new Map(), unwritableUntil: 0 };
}

/** Everything a normal start looks at: from the first token set on that its owner did not know to be in the store. */
export function unsettledIn({ records }: Folder): JournalEntry[] {
  const first = records.findIndex(({ settled }) => !settled);
  return first < 0 ? [] : records.slice(first).flatMap(({ entry }) => (entry.kind === "tokens" ? [entry] : []));
}

function tokensIn(records: Folder["records"], connectionId: string): JournalEntry[] {
  return records.flatMap(({ entry }) =>
    entry.kind === "tokens" && entry.connectionId === connectionId ? [entry] : [],
  );
}

/** The latest token set of each connection, of those received at `time` or later. */
function latestOf({ folders }: Disk, time: number): JournalEntry[] {
  const latest = new Map<string, JournalEntry>();
  for (const { entry } of [...folders.values()].flatMap(({ records }) => records)) {
    if (entry.kind !== "tokens" || entry.receivedAt < time) continue;
    const known = latest.get(entry.connectionId);
    if (!known || known.tokens.generation <= entry.tokens.generation) latest.set(entry.connectionId, entry);
  }
  return [...latest.values()];
}

/** How an append ends on this disk, by the will of the simulation. */
export type AppendFate = "written" | "refused" | "refused_but_written";

export interface JournalDeps {
  disk: Disk;
  owner: Runner;
  now: () => number;
  /** The port: when it happens, and whether the process lives to see it. */
  call: <T>(name: string, about: string | null, effect: () => T) => Promise<T>;
  fate: () => AppendFate;
  appended: (entry: Journaled) => void;
  refused: (entry: Journaled) => void;
}

/** How soon a journal that failed tries again by itself. */
const RETRY_AFTER = 5 * SECOND;

export function createSimulatedJournal({ disk, owner, now, call, fate, appended, refused }: JournalDeps): Journal {
  const folder: Folder = { owner, records: [] };
  const recent = new Map<string, JournalEntry>();
  let failedAt: number | null = null;
  disk.folders.set(owner.name, folder);

  function write(entry: Journaled): void {
    // As the real one does: what the disk refuses is remembered while the process lives.
    if (entry.kind === "tokens") recent.set(entry.connectionId, entry);
    const how = disk.unwritableUntil > now() ? "refused" : fate();
    if (how !== "refused") keep(entry);
    failedAt = how === "written" ? null : now();
    if (how !== "written") {
      refused(entry);
      throw new ServiceError("journal_unavailable", "The disk takes nothing.");
    }
    appended(entry);
  }

  function keep(entry: Journaled): void {
    folder.records.push({ entry, settled: entry.kind === "unreadable" });
    if (entry.kind === "tokens" && entry.tokens.sealedRefreshToken) {
      disk.holds.set(plaintextOf(entry.tokens.sealedRefreshToken), now());
    }
  }

  return {
    append: (entry) => call("append", entry.connectionId, () => write(entry)),
    settled: (entry) => {
      for (const record of folder.records) if (record.entry === entry) record.settled = true;
    },
    isWritable: () => {
      if (failedAt !== null && now() - failedAt >= RETRY_AFTER && disk.unwritableUntil <= now()) failedAt = null;
      return failedAt === null;
    },
    newest: (connectionId) => recent.get(connectionId) ?? null,
    since: (time) => call("since", null, () => latestOf(disk, time)),
    isGone: (instanceId) => disk.folders.get(instanceId)?.owner.alive === false,
    ofOthers: (connectionId) =>
      call("ofOthers", connectionId, () =>
        [...disk.folders.values()].flatMap((other) => (other === folder ? [] : tokensIn(other.records, connectionId))),
      ),
  };
}
