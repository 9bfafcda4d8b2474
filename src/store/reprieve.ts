import { diagnosisColumn } from "./connection-row.ts";
import { append, updateConnection } from "./connection-writes.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { lockLease, updateLease, WELL, type Transaction } from "./transaction.ts";

/** A token set, by the connection and the generation. */
interface Kept {
  connectionId: string;
  generation: number;
}

/**
 * Lets a connection that was ended be tried once more, with the refresh token that was kept. False when it is not as it was then,
 * or was reprieved before: a token set is once at most.
 */
export async function reprieve(tx: Transaction, { connectionId, generation }: Kept): Promise<boolean> {
  const { queries } = tx;
  await lockLease(tx, connectionId);
  const kept = await queries
    .selectFrom("connections")
    .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
    .select("diagnosis")
    .where("connections.id", "=", connectionId)
    .where("status", "=", "reauthorization_required")
    .where("generation", "=", generation)
    .where("refresh_token", "is not", null)
    .executeTakeFirst();
  if (!kept || (await wasReprieved(queries, { connectionId, generation }))) return false;
  const cause = kept.diagnosis === null ? null : diagnosisColumn.read(kept.diagnosis).cause;
  await updateConnection(queries, connectionId).set({ status: "degraded", status_since: egNow }).execute();
  await updateLease(tx, connectionId)
    .set({ ...WELL, due_at: egNow })
    .execute();
  await append(queries, connectionId, [{ kind: "reprieved", generation, detail: { cause } }]);
  return true;
}

/** It had its second chance: the next rejection is meant. */
export async function wasReprieved(queries: Queries, { connectionId, generation }: Kept): Promise<boolean> {
  const found = await queries
    .selectFrom("history")
    .select("id")
    .where("connection_id", "=", connectionId)
    .where("kind", "=", "reprieved")
    .where("generation", "=", generation)
    .executeTakeFirst();
  return found !== undefined;
}
