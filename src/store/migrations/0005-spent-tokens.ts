import type { Kysely } from "kysely";

/** Which refresh tokens were the newest once: one that comes late is then known to have been used. */
export function spentTokens() {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .alterTable("refresh_leases")
      .addColumn("spent_tokens", "text", (column) => column.notNull().defaultTo(""))
      .execute();
  };
}
