import type { SealedDpopKey } from "../client/dpop-key.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";

export async function findDpopKey(queries: Queries, thumbprint: string): Promise<SealedDpopKey | null> {
  const row = await queries
    .selectFrom("dpop_keys")
    .select(["id", "sealed"])
    .where("id", "=", thumbprint)
    .executeTakeFirst();
  return row ? { thumbprint: row.id, sealed: row.sealed } : null;
}

/** Keys before it stay: there may be token sets that are bound to them. */
export async function addDpopKey(queries: Queries, clientId: string, key: SealedDpopKey): Promise<void> {
  await queries
    .insertInto("dpop_keys")
    .values({ id: key.thumbprint, client_id: clientId, sealed: key.sealed, created_at: egNow })
    .execute();
}

export async function eraseDpopKeys(queries: Queries, clientId: string): Promise<void> {
  await queries.deleteFrom("dpop_keys").where("client_id", "=", clientId).execute();
}
