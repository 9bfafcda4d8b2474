import { isHeldFor } from "../connection/cause.ts";
import { diagnosisColumn } from "./connection-row.ts";
import { append, updateConnection } from "./connection-writes.ts";
import { egNow } from "./now.ts";
import { AT_REST, lockLease, updateLease, type Transaction } from "./transaction.ts";

const RELEASED = { restored_from_backup: "released_after_restore", moved_out: "released_after_export" } as const;

/** Lets a held connection go on with the refresh token it has, at once. False when it is not held. */
export async function release(tx: Transaction, connectionId: string): Promise<boolean> {
  const lease = await lockLease(tx, connectionId);
  const held = await tx.queries
    .selectFrom("connections")
    .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
    .select(["generation", "obtained_at", "diagnosis"])
    .where("connections.id", "=", connectionId)
    .where("status", "=", "suspended")
    .executeTakeFirst();
  if (!lease || !held || held.diagnosis === null) return false;
  const { cause } = diagnosisColumn.read(held.diagnosis);
  if (!isHeldFor(cause)) return false;
  const { generation, obtained_at: obtainedAt } = held;
  await updateConnection(tx.queries, connectionId)
    .set({ status: "active", status_since: egNow, diagnosis: null })
    .execute();
  await updateLease(tx, connectionId)
    .set({
      ...AT_REST,
      due_at: egNow,
      backoff_until: 0,
      failures: 0,
      cause: null,
      // It may have been sent since the backup, or by whoever it was given to, with an answer that nobody has any more: when the provider rejects it, that is
      // the likelier reason than its user.
      attempt_generation: generation,
      attempt_at: obtainedAt,
      unanswered: Math.max(1, lease.unanswered),
    })
    .execute();
  await append(tx.queries, connectionId, [{ kind: RELEASED[cause], generation, detail: {} }]);
  return true;
}
