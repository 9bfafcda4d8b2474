import type { JournalEntry } from "../connection/journal.ts";
import { folderPath, listInstances } from "./folder.ts";
import { START } from "./position.ts";
import { readFolder } from "./read-folder.ts";

/** The latest token set of each connection in all journals of the data directory, of those received at `time` or later. */
export async function entriesSince(dataDir: string, time: number): Promise<JournalEntry[]> {
  const latest = new Map<string, JournalEntry>();
  for (const instanceId of await listInstances(dataDir)) {
    for await (const item of readFolder(folderPath(dataDir, instanceId), { from: START, since: time })) {
      if (item.kind === "entry" && item.entry.kind === "tokens") keepLatest(latest, item.entry, time);
    }
  }
  return [...latest.values()];
}

function keepLatest(latest: Map<string, JournalEntry>, entry: JournalEntry, time: number): void {
  const known = latest.get(entry.connectionId)?.tokens.generation ?? 0;
  if (entry.receivedAt >= time && entry.tokens.generation >= known) latest.set(entry.connectionId, entry);
}
