import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Campaigns, and the connections whose users each of them asks. */
export function campaigns({ integer, tenantWall }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .createTable("campaigns")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"))
      .addColumn("incident_id", "text")
      .addColumn("client_id", "text")
      .addColumn("to_client_id", "text")
      .addColumn("remind_after", "text", (column) => column.notNull())
      .addColumn("quiet_hours", "text")
      .addColumn("created_at", integer, (column) => column.notNull())
      .addColumn("finished_at", integer)
      .addColumn("cancelled_at", integer)
      .execute();
    await db.schema
      .createTable("campaign_members")
      .addColumn("campaign_id", "text", (column) => column.notNull())
      .addColumn("connection_id", "text", (column) => column.notNull())
      .addColumn("asked", integer, (column) => column.notNull())
      .addColumn("first_asked_at", integer)
      .addColumn("last_asked_at", integer)
      .addColumn("next_at", integer)
      .addColumn("outcome", "text")
      .addPrimaryKeyConstraint("campaign_members_key", ["campaign_id", "connection_id"])
      .execute();
    // A connection is asked by one campaign at a time.
    await sql`create unique index campaign_members_open on campaign_members (connection_id) where outcome is null`.execute(
      db,
    );
    await sql`create index campaign_members_next on campaign_members (next_at)
      where outcome is null and next_at is not null`.execute(db);
    for (const statement of tenantWall("campaigns", "tenant_id")) await statement.execute(db);
    for (const statement of tenantWall("campaign_members", "connection_id")) await statement.execute(db);
  };
}
