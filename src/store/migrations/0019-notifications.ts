import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Where events are sent, what became of each of them there, and what the operators are written. */
export function notifications({ blob, integer, serial, randomHex, tenantWall }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .createTable("webhook_endpoints")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"))
      .addColumn("url", "text", (column) => column.notNull())
      .addColumn("events", "text")
      .addColumn("description", "text", (column) => column.notNull())
      .addColumn("all_tenants", integer, (column) => column.notNull())
      .addColumn("disabled_reason", "text")
      .addColumn("disabled_at", integer)
      .addColumn("failing_since", integer)
      .addColumn("warned_at", integer)
      .addColumn("last_success_at", integer)
      .addColumn("created_at", integer, (column) => column.notNull())
      .execute();
    await db.schema.createIndex("webhook_endpoints_tenant").on("webhook_endpoints").column("tenant_id").execute();
    await db.schema
      .createTable("webhook_secrets")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"))
      .addColumn("endpoint_id", "text", (column) =>
        column.notNull().references("webhook_endpoints.id").onDelete("cascade"),
      )
      .addColumn("sealed", blob, (column) => column.notNull())
      .addColumn("created_at", integer, (column) => column.notNull())
      .addColumn("retires_at", integer)
      .execute();
    await db.schema.createIndex("webhook_secrets_endpoint").on("webhook_secrets").column("endpoint_id").execute();
    await createDeliveries(db, { integer, serial, randomHex });
    await db.schema
      .createTable("mails")
      .addColumn("number", integer, serial)
      .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"))
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("endpoint_id", "text")
      .addColumn("state", "text", (column) => column.notNull().defaultTo("pending"))
      .addColumn("attempts", integer, (column) => column.notNull().defaultTo(0))
      .addColumn("next_at", integer, (column) => column.notNull().defaultTo(0))
      .addColumn("claimed_until", integer, (column) => column.notNull().defaultTo(0))
      .addColumn("created_at", integer, (column) => column.notNull())
      .addColumn("finished_at", integer)
      .execute();
    await sql`create index mails_pending on mails (number) where state = 'pending'`.execute(db);
    await db.schema.alterTable("outbox").addColumn("mail_number", integer).execute();
    await db.schema.createIndex("outbox_passed_on").on("outbox").column("passed_on_at").execute();
    await db.schema.createIndex("outbox_mail").on("outbox").column("mail_number").execute();
    for (const table of ["webhook_endpoints", "webhook_secrets", "webhook_deliveries", "mails"]) {
      for (const statement of tenantWall(table, "tenant_id")) await statement.execute(db);
    }
  };
}

async function createDeliveries(
  db: Kysely<unknown>,
  { integer, serial, randomHex }: Pick<ColumnTypes, "integer" | "serial" | "randomHex">,
): Promise<void> {
  await db.schema
    .createTable("webhook_deliveries")
    .addColumn("number", integer, serial)
    .addColumn("id", "text", (column) => column.notNull().unique().defaultTo(randomHex))
    .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"))
    .addColumn("endpoint_id", "text", (column) =>
      column.notNull().references("webhook_endpoints.id").onDelete("cascade"),
    )
    .addColumn("event_number", integer, (column) => column.notNull())
    .addColumn("event_id", "text", (column) => column.notNull())
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("subject", "text")
    .addColumn("state", "text", (column) => column.notNull().defaultTo("pending"))
    .addColumn("attempts", integer, (column) => column.notNull().defaultTo(0))
    .addColumn("next_at", integer, (column) => column.notNull().defaultTo(0))
    .addColumn("claimed_until", integer, (column) => column.notNull().defaultTo(0))
    .addColumn("last_at", integer)
    .addColumn("last_status", integer)
    .addColumn("last_code", "text")
    .addColumn("created_at", integer, (column) => column.notNull())
    .addColumn("finished_at", integer)
    .addUniqueConstraint("webhook_deliveries_event", ["endpoint_id", "event_number"])
    .execute();
  await sql`create index webhook_deliveries_due on webhook_deliveries (next_at) where state = 'pending'`.execute(db);
  await sql`create index webhook_deliveries_line on webhook_deliveries (endpoint_id, subject, event_number)
    where state = 'pending'`.execute(db);
  const indexes = [["subject"], ["finished_at"], ["endpoint_id", "number"]];
  for (const columns of indexes) {
    const index = db.schema.createIndex(`webhook_deliveries_${columns.join("_")}`);
    await index.on("webhook_deliveries").columns(columns).execute();
  }
}
