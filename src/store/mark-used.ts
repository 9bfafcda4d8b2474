import { sql } from "kysely";
import type { KeyUse } from "../access/store.ts";
import type { Queries } from "./database.ts";

/** Notes when and from where each was used last. A use that is older than the one on record changes nothing. */
export async function markUsed(
  queries: Queries,
  table: "api_keys" | "virtual_refresh_tokens",
  uses: readonly KeyUse[],
): Promise<void> {
  // In one order, so that two processes do not wait for each other.
  for (const { keyId, agoMs, from } of uses.toSorted((a, b) => (a.keyId < b.keyId ? -1 : 1))) {
    const usedAt = sql<number>`eg_now() - cast(${agoMs} as bigint)`;
    await queries
      .updateTable(table)
      .set({ last_used_at: usedAt, last_used_from: from })
      .where("id", "=", keyId)
      .where((where) => where.or([where("last_used_at", "is", null), where("last_used_at", "<", usedAt)]))
      .execute();
  }
}
