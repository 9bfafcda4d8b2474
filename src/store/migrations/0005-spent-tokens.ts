import type { Kysely } from "kysely";

/** What names a refresh token, and which ones were the newest once: one that comes late is then known to have been used. */
export function spentTokens() {
  return async (db: Kysely<unknown>): Promise<void> => {
    for (const table of ["token_sets", "spare_token_sets"]) {
      await db.schema.alterTable(table).addColumn("refresh_token_name", "text").execute();
    }
    await db.schema
      .alterTable("refresh_leases")
      .addColumn("spent_tokens", "text", (column) => column.notNull().defaultTo(""))
      .execute();
  };
}
