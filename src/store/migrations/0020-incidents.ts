import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Failures that belong together, which connections are in them, and what was heard of connections and not looked at yet. */
export function incidents({ integer, serial, tenantWall }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .createTable("incidents")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"))
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("scope", "text", (column) => column.notNull())
      .addColumn("client_id", "text")
      .addColumn("provider_id", "text")
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("verdict", "text")
      .addColumn("cause", "text", (column) => column.notNull())
      .addColumn("evidence", "text", (column) => column.notNull())
      .addColumn("affected", integer, (column) => column.notNull())
      .addColumn("recovered", integer, (column) => column.notNull())
      .addColumn("opened_at", integer, (column) => column.notNull())
      .addColumn("first_seen", integer, (column) => column.notNull())
      .addColumn("last_seen", integer, (column) => column.notNull())
      .addColumn("tried_at", integer)
      .addColumn("decided_at", integer)
      .addColumn("acknowledged_at", integer)
      .addColumn("acknowledged_by", "text")
      .addColumn("resolved_at", integer)
      .execute();
    await sql`create unique index incidents_open on incidents (scope) where resolved_at is null`.execute(db);
    await db.schema.createIndex("connections_client").on("connections").columns(["client_id", "id"]).execute();
    await db.schema.createIndex("incidents_tenant").on("incidents").columns(["tenant_id", "id"]).execute();
    await db.schema
      .createTable("incident_members")
      .addColumn("incident_id", "text", (column) => column.notNull())
      .addColumn("connection_id", "text", (column) => column.notNull())
      .addColumn("condition", "text", (column) => column.notNull())
      .addColumn("generation", integer, (column) => column.notNull())
      .addColumn("cause", "text", (column) => column.notNull())
      .addColumn("code", "text")
      .addColumn("doubted", integer, (column) => column.notNull())
      .addColumn("since", integer, (column) => column.notNull())
      .addColumn("reprieved_at", integer)
      .addColumn("recovered_at", integer)
      .addPrimaryKeyConstraint("incident_members_key", ["incident_id", "connection_id"])
      .execute();
    await sql`create index incident_members_unwell on incident_members (connection_id)
      where recovered_at is null`.execute(db);
    await sql`create index incident_members_left on incident_members (incident_id)
      where recovered_at is null`.execute(db);
    await db.schema
      .createTable("incident_signals")
      .addColumn("number", integer, serial)
      .addColumn("connection_id", "text", (column) => column.notNull())
      .addColumn("at", integer, (column) => column.notNull())
      .addColumn("kind", "text", (column) => column.notNull())
      .execute();
    await db.schema.createIndex("incident_signals_connection").on("incident_signals").column("connection_id").execute();
    await db.schema
      .createTable("incident_looks")
      .addColumn("number", integer, (column) => column.primaryKey())
      .execute();
    for (const [table, owner] of WALLED) {
      for (const statement of tenantWall(table, owner)) await statement.execute(db);
    }
  };
}

const WALLED = [
  ["incidents", "tenant_id"],
  ["incident_members", "connection_id"],
  ["incident_signals", "connection_id"],
] as const;
