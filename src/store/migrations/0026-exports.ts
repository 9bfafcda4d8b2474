import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Requests to give connections away, which two people decide. */
export function exports({ integer, tenantWall }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .createTable("exports")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"))
      .addColumn("reason", "text", (column) => column.notNull())
      .addColumn("recipient", "text", (column) => column.notNull())
      .addColumn("fingerprint", "text", (column) => column.notNull())
      .addColumn("connections", "text", (column) => column.notNull())
      .addColumn("requested_kind", "text", (column) => column.notNull())
      .addColumn("requested_by", "text")
      .addColumn("requested_at", integer, (column) => column.notNull())
      .addColumn("expires_at", integer, (column) => column.notNull())
      .addColumn("decision", "text")
      .addColumn("decided_kind", "text")
      .addColumn("decided_by", "text")
      .addColumn("decided_at", integer)
      .addColumn("fetched_at", integer)
      .execute();
    await sql`create index exports_tenant on exports (tenant_id, id)`.execute(db);
    for (const statement of tenantWall("exports", "tenant_id")) await statement.execute(db);
  };
}
