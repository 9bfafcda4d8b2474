import type { TokenRecord } from "../connection/token-record.ts";
import type { Queries } from "./database.ts";

/**
 * Whether a token set from a journal is from before a restore, and the connection has gone on from the backup since. What it has
 * now works; the journaled one may not any more, whatever its generation.
 */
export async function isFromBefore(queries: Queries, connectionId: string, tokens: TokenRecord): Promise<boolean> {
  const row = await queries
    .selectFrom(["installation", "token_sets"])
    .select(["restored_at", "obtained_at"])
    .where("connection_id", "=", connectionId)
    .where("restored_at", "is not", null)
    .executeTakeFirst();
  const restoredAt = row?.restored_at ?? null;
  return row !== undefined && restoredAt !== null && tokens.obtainedAt < restoredAt && row.obtained_at >= restoredAt;
}

/** Whether a token set is from before this database was made as a clone: then it is the original's, which goes on using it. */
export async function isTheOriginals(queries: Queries, { obtainedAt }: TokenRecord): Promise<boolean> {
  const row = await queries
    .selectFrom("installation")
    .select("id")
    .where("cloned_at", ">", obtainedAt)
    .executeTakeFirst();
  return row !== undefined;
}
