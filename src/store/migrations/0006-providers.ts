import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/**
 * What a token answer says beside the tokens; the connections of one account at one client, of which providers allow so many; and
 * how long the access tokens of a client were seen to live.
 */
export function providers({ integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    for (const table of ["token_sets", "spare_token_sets"]) {
      await db.schema
        .alterTable(table)
        .addColumn("answer_fields", "text", (column) => column.notNull().defaultTo("{}"))
        .execute();
    }
    await db.schema.alterTable("clients").addColumn("learned_life", integer).execute();
    await db.schema.alterTable("clients").addColumn("learned_life_at", integer).execute();
    await db.schema
      .createIndex("connections_account")
      .on("connections")
      .columns(["client_id", "account_id"])
      .where("account_id", "is not", null)
      .execute();
  };
}
