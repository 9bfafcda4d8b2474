import type { JournalEntry } from "../connection/journal.ts";
import type { RefreshPorts } from "./ports.ts";
import { bringToStore } from "./recover.ts";
import type { Past } from "./restores.ts";

export type BringBackPorts = Pick<RefreshPorts, "connections" | "random" | "observer">;

/** Brings a journaled token set to a database that may have been restored or cloned since it was received. */
export async function bringBack(
  ports: BringBackPorts,
  entry: JournalEntry,
  { restore, clonedAt }: Pick<Past, "restore" | "clonedAt">,
): Promise<"recovered" | "known"> {
  // It is the original's, which goes on using it.
  if (clonedAt !== null && entry.receivedAt < clonedAt) return "known";
  if (restore === null || entry.receivedAt >= restore.at) return bringToStore(ports, entry);
  const { connectionId, tokens } = entry;
  const held = await ports.connections.snapshot(connectionId);
  if (!held || held.tokens.obtainedAt < restore.at) return bringToStore(ports, entry);
  // The connection has gone on from the backup. Its newest token works; this one is from before, whatever its generation.
  await ports.connections.setAside(connectionId, tokens, null);
  return "known";
}
