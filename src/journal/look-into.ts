import type { JournalEntry, OtherJournal } from "../connection/journal.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { listSegments } from "./folder.ts";
import { isOwnerGone, type Machine } from "./owner.ts";
import { readFolder } from "./read-folder.ts";

/**
 * The connection's token sets in another instance's folder. Segments of which everything is in the store are not read: after
 * a crash many connections are looked for, and a folder may hold a week. Null when nothing can be read there.
 */
export async function lookInto(folder: string, connectionId: string, machine: Machine): Promise<OtherJournal | null> {
  try {
    // Before anything is read: whoever is gone by now adds nothing to what is read afterwards.
    const owner = isOwnerGone(folder, machine) ? "gone" : "unknown";
    const { segment } = await readCheckpoint(folder);
    if ((await listSegments(folder)).length === 0) return null;
    return { owner, entries: await tokensOf(folder, connectionId, segment) };
  } catch {
    return null;
  }
}

async function tokensOf(folder: string, connectionId: string, segment: number): Promise<JournalEntry[]> {
  const found: JournalEntry[] = [];
  for await (const item of readFolder(folder, { from: { segment, offset: 0 }, containing: `"${connectionId}"` })) {
    if (item.kind === "entry" && item.entry.kind === "tokens" && item.entry.connectionId === connectionId) {
      found.push(item.entry);
    }
  }
  return found;
}
