import type { JournalEntry } from "../connection/journal.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { folderPath, listInstances, listSegments } from "./folder.ts";
import { isOwnerGone, type Machine } from "./owner.ts";
import { readFolder } from "./read-folder.ts";

/**
 * Reads the connection's token sets in all journals of the data directory but that of `instanceId`, each journal's oldest first.
 * Segments of which everything is in the store are not read: after a crash many connections are looked for, and a folder may
 * hold a week. What cannot be read is left out.
 */
export function createOthersReader({
  dataDir,
  instanceId,
  machine,
}: {
  dataDir: string;
  instanceId: string;
  machine: Machine;
}) {
  /** Their owners have ended, and everything in them is in the store. */
  const finished = new Set<string>();

  async function tokensOf(other: string, connectionId: string): Promise<JournalEntry[]> {
    const folder = folderPath(dataDir, other);
    // Before anything is read: whoever is gone by now adds nothing to what is read afterwards.
    const isGone = isOwnerGone(folder, machine);
    const { segment } = await readCheckpoint(folder);
    const last = (await listSegments(folder).catch(() => [])).at(-1) ?? 0;
    if (last >= segment) return read(folder, segment, connectionId);
    if (isGone) finished.add(other);
    return [];
  }

  return async (connectionId: string): Promise<JournalEntry[]> => {
    const found: JournalEntry[] = [];
    for (const other of await listInstances(dataDir).catch(() => [])) {
      if (other !== instanceId && !finished.has(other)) found.push(...(await tokensOf(other, connectionId)));
    }
    return found;
  };
}

async function read(folder: string, segment: number, connectionId: string): Promise<JournalEntry[]> {
  const found: JournalEntry[] = [];
  for await (const item of readFolder(folder, { from: { segment, offset: 0 }, containing: `"${connectionId}"` })) {
    if (item.kind === "entry" && item.entry.kind === "tokens" && item.entry.connectionId === connectionId) {
      found.push(item.entry);
    }
  }
  return found;
}
