import type { Diagnosis } from "../connection/cause.ts";
import { diagnosisColumn } from "./connection-row.ts";
import { appendAll, updateConnection } from "./connection-writes.ts";
import { egNow } from "./now.ts";
import { lockLease, updateLease, AT_REST, type Transaction } from "./transaction.ts";

/**
 * Holds those that nobody is refreshing, so that nothing replaces their refresh token here: the recipient will. Returns the ids of
 * those that are under way. One that is held for this export already stays so, and one that has ended is left as it is.
 */
export async function holdForExport(tx: Transaction, exportId: string, ids: readonly string[]): Promise<string[]> {
  const busy: string[] = [];
  for (const id of ids.toSorted()) if ((await hold(tx, exportId, id)) === "busy") busy.push(id);
  return busy;
}

async function hold(tx: Transaction, exportId: string, id: string): Promise<"held" | "busy" | "ended"> {
  const lease = await lockLease(tx, id);
  if (!lease) return "ended";
  // Who holds it may have sent the refresh token, and what comes back is the one to give away.
  if (lease.owner !== null) return "busy";
  const diagnosis: Diagnosis = { cause: "moved_out", confidence: "certain", evidence: { export: exportId } };
  const held = await updateConnection(tx.queries, id)
    .set({ status: "suspended", status_since: egNow, diagnosis: diagnosisColumn.write(diagnosis) })
    .where("status", "in", ["active", "degraded"])
    .executeTakeFirst();
  if (held.numUpdatedRows === 0n) return "ended";
  await updateLease(tx, id)
    .set({ ...AT_REST, due_at: null })
    .execute();
  const { generation } = await tx.queries
    .selectFrom("token_sets")
    .select("generation")
    .where("connection_id", "=", id)
    .executeTakeFirstOrThrow();
  await appendAll(tx.queries, [
    { connectionId: id, entry: { kind: "moved_out", generation, detail: { export: exportId } } },
  ]);
  return "held";
}
