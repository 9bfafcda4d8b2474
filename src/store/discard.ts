import { lockLease, type Transaction } from "./transaction.ts";

/** What belongs to a connection, and what that refers to last. */
const TABLES = [
  "outbox",
  "incident_signals",
  "incident_members",
  "history",
  "virtual_refresh_tokens",
  "spare_token_sets",
  "token_sets",
  "refresh_leases",
] as const;

export async function discard(tx: Transaction, id: string): Promise<"discarded" | "kept"> {
  const { queries } = tx;
  await lockLease(tx, id);
  const neverWorked = await queries
    .selectFrom("connections")
    .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
    .select("connections.id")
    .where("connections.id", "=", id)
    .where("seed", "is not", null)
    .where("status", "=", "reauthorization_required")
    .where("last_proven_at", "is", null)
    .where("generation", "=", 1)
    .executeTakeFirst();
  if (!neverWorked) return "kept";
  for (const table of TABLES) await queries.deleteFrom(table).where("connection_id", "=", id).execute();
  await queries.deleteFrom("connections").where("id", "=", id).execute();
  return "discarded";
}
