import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** What people and applications are to be told, from the transaction of the change on. */
export function outbox({ integer, serial, randomHex, tenantWall }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .createTable("outbox")
      .addColumn("number", integer, serial)
      .addColumn("id", "text", (column) => column.notNull().unique().defaultTo(randomHex))
      .addColumn("at", integer, (column) => column.notNull())
      .addColumn("type", "text", (column) => column.notNull())
      .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"))
      .addColumn("connection_id", "text")
      .addColumn("client_id", "text")
      .addColumn("incident_id", "text")
      .addColumn("detail", "text", (column) => column.notNull())
      .addColumn("held_until", integer, (column) => column.notNull().defaultTo(0))
      .addColumn("passed_on_at", integer)
      .execute();
    await sql`create index outbox_pending on outbox (number) where passed_on_at is null`.execute(db);
    await db.schema.createIndex("outbox_connection").on("outbox").column("connection_id").execute();
    for (const statement of tenantWall("outbox", "tenant_id")) await statement.execute(db);
  };
}
