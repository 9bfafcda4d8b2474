import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Browsers that are signed in as an operator. */
export function operatorSessions({ integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .createTable("operator_sessions")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"))
      .addColumn("key_id", "text", (column) => column.notNull())
      .addColumn("hash", "text", (column) => column.notNull())
      .addColumn("from_address", "text")
      .addColumn("created_at", integer, (column) => column.notNull())
      .addColumn("last_used_at", integer, (column) => column.notNull())
      .addColumn("expires_at", integer, (column) => column.notNull())
      .addColumn("ended_at", integer)
      .execute();
  };
}
