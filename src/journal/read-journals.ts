import type { Journaled } from "../connection/journal.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { folderPath, listInstances, listSegments } from "./folder.ts";
import { isOwnerGone, thisMachine, type Machine } from "./owner.ts";
import { isBefore, START, type Position } from "./position.ts";
import { readFolder, type Damage } from "./read-folder.ts";

export type { Damage } from "./read-folder.ts";

export interface ReadJournals {
  dataDir: string;
  /** The instance that reads, whose own folder is left out. */
  except?: string;
  /** `unsettled`: only what its owner did not know to be in the store. */
  from: "unsettled" | "everything";
  machine?: Machine;
}

/** The folder of one instance. */
export interface ReadJournal {
  instanceId: string;
  owner: "gone" | "unknown";
  /** In the order in which it was written, so of a connection the older token set first. */
  items(): AsyncIterable<JournalItem>;
  /**
   * Notes that everything in it is in the store, so that the next start skips it. To be called after all of `items`; null
   * unless the owner is gone, because another one may still write.
   */
  markReplayed: (() => Promise<void>) | null;
}

/** `settled`: its owner knew it to be in the store. */
export type JournalItem = { kind: "entry"; entry: Journaled; settled: boolean } | Damage;

/** The journals in a data directory, by instance id. */
export async function readJournals({
  dataDir,
  except,
  from,
  machine = thisMachine,
}: ReadJournals): Promise<ReadJournal[]> {
  const others = (await listInstances(dataDir)).filter((instanceId) => instanceId !== except);
  return others.map((instanceId) => {
    const folder = folderPath(dataDir, instanceId);
    const isGone = isOwnerGone(folder, machine);
    return {
      instanceId,
      owner: isGone ? "gone" : "unknown",
      items: () => itemsOf(folder, from),
      markReplayed: isGone ? () => markReplayed(folder) : null,
    };
  });
}

async function* itemsOf(folder: string, from: ReadJournals["from"]): AsyncGenerator<JournalItem> {
  const settledTo = await readCheckpoint(folder);
  for await (const item of readFolder(folder, { from: from === "everything" ? START : settledTo })) {
    if (item.kind === "damage") yield item;
    else yield { kind: "entry", entry: item.entry, settled: isBefore(item.position, settledTo) };
  }
}

/** Its owner being gone, nothing comes behind the last segment. */
async function markReplayed(folder: string): Promise<void> {
  const last = (await listSegments(folder)).at(-1);
  if (last !== undefined) await writeCheckpoint(folder, behind(last));
}

function behind(segment: number): Position {
  return { segment: segment + 1, offset: 0 };
}
