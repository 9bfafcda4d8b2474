import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Keys that retire, tenants whose keys were deleted, and how far each tenant's records are on their way to its newest key. */
export function keys({ blob, integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema.alterTable("root_keys").addColumn("kept_by", "text").execute();
    await db.schema.alterTable("root_keys").addColumn("wrapped", blob).execute();
    await db.schema.alterTable("tenant_keys").addColumn("retired_at", integer).execute();
    await db.schema.alterTable("tenants").addColumn("shredded_at", integer).execute();
    await db.schema
      .createTable("rekeys")
      .addColumn("tenant_id", "text", (column) => column.primaryKey().references("tenants.id"))
      .addColumn("version", integer, (column) => column.notNull())
      .addColumn("at_table", "text", (column) => column.notNull())
      .addColumn("at_row", "text")
      .addColumn("done", integer, (column) => column.notNull())
      .addColumn("total", integer, (column) => column.notNull())
      .addColumn("started_at", integer, (column) => column.notNull())
      .addColumn("finished_at", integer)
      .addColumn("owner", "text")
      .addColumn("lease_until", integer, (column) => column.notNull())
      .execute();
  };
}
