import type { HistoryKind, NewHistoryEntry } from "../connection/history.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";

/** What may make a connection a member of an incident, or end that it is one. None of it happens every day. */
const TELLING: ReadonlySet<HistoryKind> = new Set<HistoryKind>([
  "degraded",
  "rejection_held",
  "reauthorization_required",
  "recovered",
  "reauthorized",
  "disconnected",
]);

/** Leaves word for whoever looks after incidents next. */
export async function signal(
  queries: Queries,
  entries: readonly { connectionId: string; entry: NewHistoryEntry }[],
): Promise<void> {
  const telling = entries.filter(({ entry }) => TELLING.has(entry.kind));
  if (telling.length === 0) return;
  await queries
    .insertInto("incident_signals")
    .values(telling.map(({ connectionId, entry }) => ({ connection_id: connectionId, at: egNow, kind: entry.kind })))
    .execute();
}
