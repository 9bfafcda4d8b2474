import { mkdir } from "node:fs/promises";
import type { Journal, Journaled } from "../connection/journal.ts";
import { DAY, type Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { openOnDisk, syncFolder, type OpenFile } from "./durable-file.ts";
import { encodeEntry } from "./entry-encoding.ts";
import { unavailable } from "./failure.ts";
import { folderPath, isFolderName, journalRoot } from "./folder.ts";
import { createLazyCheckpoint } from "./lazy-checkpoint.ts";
import { createOthersReader } from "./of-others.ts";
import { isOwnerGone, thisMachine, writeOwner, type Machine } from "./owner.ts";
import { entriesSince } from "./entries-since.ts";
import { createRecentEntries } from "./recent-entries.ts";
import { prune } from "./retention.ts";
import { encodeRecord } from "./segment-format.ts";
import { createSegments, type Segments } from "./segments.ts";
import { createSettlement } from "./settlement.ts";
import { createWriter } from "./writer.ts";

export interface JournalOptions {
  dataDir: string;
  /** Names this start of this process; no other has used it. */
  instanceId: string;
  clock: Clock;
  observer: Observer;
  machine?: Machine;
  open?: OpenFile;
  /** Connections whose latest entry `newest` knows. */
  remembered?: number;
}

export interface OpenJournal extends Journal {
  /** Finishes what is being appended, and takes nothing more. */
  close(): Promise<void>;
}

/** The journal of this instance, in a folder of its own. Throws `journal_unavailable` when that cannot be made. */
export async function openJournal(options: JournalOptions): Promise<OpenJournal> {
  const { dataDir, instanceId, clock, observer, machine = thisMachine, remembered = 50_000 } = options;
  const folder = folderPath(dataDir, instanceId);
  const segments = await begin(folder, options).catch((error: unknown) => {
    throw unavailable(folder, error);
  });
  const closing = new AbortController();
  const stop = closing.signal;
  const recent = createRecentEntries(remembered);
  const settlement = createSettlement();
  const checkpoint = createLazyCheckpoint({ folder, clock, position: () => settlement.settledTo(), stop });
  const writer = createWriter({ segments, folder, clock, observer, stop });
  const upkeep = keepUp();
  let isClosed = false;

  async function write(entry: Journaled | null): Promise<void> {
    // Also what the disk refuses: a database that loses the commit must not make us forget it while we live.
    if (entry?.kind === "tokens") recent.add(entry);
    const bytes = entry === null ? new Uint8Array() : encodeRecord(encodeEntry(entry));
    const { segment, offset } = await writer.append(bytes);
    settlement.appended(entry, { segment, offset }, { segment, offset: offset + bytes.length });
  }

  /** What an earlier instance left unsettled is not deleted at the start: somebody is about to bring it to the store. */
  async function keepUp(): Promise<void> {
    for (let isStart = true; !stop.aborted; isStart = false) {
      const own = { instanceId, settledTo: settlement.settledTo() };
      await prune({ dataDir, machine, now: clock.now(), own, unsettledToo: !isStart });
      await clock.sleep(DAY, stop);
      // Begins a new segment also when nothing is appended; should that fail, the writer has said so.
      if (!stop.aborted) await write(null).catch(() => undefined);
    }
  }

  function isOther(id: string): boolean {
    return id !== instanceId && isFolderName(id);
  }

  return {
    append: async (entry) => {
      if (isClosed) throw new ServiceError("journal_unavailable", "The journal is closed, because the service stops.");
      await write(entry);
    },
    settled: (entry) => {
      settlement.settled(entry);
      if (!isClosed) checkpoint.moved();
    },
    isWritable: () => !isClosed && writer.isWritable(),
    newest: (connectionId) => recent.newest(connectionId),
    since: (time) => entriesSince(dataDir, time),
    isGone: (id) => isOther(id) && isOwnerGone(folderPath(dataDir, id), machine),
    ofOthers: createOthersReader({ dataDir, instanceId, machine }),
    close: async () => {
      isClosed = true;
      await writer.idle();
      closing.abort();
      await Promise.all([upkeep, writer.stopped(), checkpoint.finish()]);
      await segments.close();
    },
  };
}

/** A crash afterwards takes away neither the folder nor the first segment in it. */
async function begin(folder: string, options: JournalOptions): Promise<Segments> {
  const { dataDir, instanceId, clock, machine = thisMachine, open = openOnDisk } = options;
  const root = journalRoot(dataDir);
  if (!isFolderName(instanceId)) throw new Error("The instance id cannot be the name of a folder.");
  await mkdir(root, { recursive: true, mode: 0o700 });
  await mkdir(folder, { mode: 0o700 });
  await writeOwner(folder, machine, clock.now());
  await syncFolder(open, root);
  await syncFolder(open, dataDir);
  return createSegments({ open, folder, clock });
}
