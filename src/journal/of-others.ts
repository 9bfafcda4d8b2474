import type { JournalEntry } from "../connection/journal.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { folderPath, listInstances, listSegments } from "./folder.ts";
import { readFolder } from "./read-folder.ts";

/**
 * The connection's token sets in all journals of the data directory but that of `instanceId`, each journal's oldest first.
 * Segments of which everything is in the store are not read: after a crash many connections are looked for, and a folder may
 * hold a week. What cannot be read is left out.
 */
export async function ofOthers(dataDir: string, instanceId: string, connectionId: string): Promise<JournalEntry[]> {
  const found: JournalEntry[] = [];
  const others = (await listInstances(dataDir).catch(() => [])).filter((other) => other !== instanceId);
  for (const other of others) found.push(...(await tokensOf(folderPath(dataDir, other), connectionId)));
  return found;
}

async function tokensOf(folder: string, connectionId: string): Promise<JournalEntry[]> {
  const { segment } = await readCheckpoint(folder);
  const last = (await listSegments(folder).catch(() => [])).at(-1);
  if (last === undefined || last < segment) return [];
  const found: JournalEntry[] = [];
  for await (const item of readFolder(folder, { from: { segment, offset: 0 }, containing: `"${connectionId}"` })) {
    if (item.kind === "entry" && item.entry.kind === "tokens" && item.entry.connectionId === connectionId) {
      found.push(item.entry);
    }
  }
  return found;
}
