import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Keys that token sets are bound to: the one that a client's new ones get, and the one that each has. */
export function dpop({ blob, integer, tenantWall }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .createTable("dpop_keys")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("client_id", "text", (column) => column.notNull().references("clients.id").onDelete("cascade"))
      .addColumn("sealed", blob, (column) => column.notNull())
      .addColumn("created_at", integer, (column) => column.notNull())
      .execute();
    await db.schema.createIndex("dpop_keys_client").on("dpop_keys").column("client_id").execute();
    for (const statement of tenantWall("dpop_keys", "client_id")) await statement.execute(db);
    for (const table of ["clients", "token_sets", "spare_token_sets"]) {
      await db.schema.alterTable(table).addColumn("dpop_key", "text").execute();
    }
  };
}
