import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** What several processes need to share the refreshing: leases with an owner, spares, instances, and the policy of each connection. */
export function protocol({ blob, integer, serial }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await extendConnections(db, integer);
    await db.schema
      .createTable("spare_token_sets")
      .addColumn("id", integer, serial)
      .addColumn("connection_id", "text", (column) => column.notNull().references("connections.id"))
      .addColumn("generation", integer, (column) => column.notNull())
      .addColumn("access_token", blob)
      .addColumn("refresh_token", blob)
      .addColumn("token_type", "text", (column) => column.notNull())
      .addColumn("scope", "text", (column) => column.notNull())
      .addColumn("origin", "text", (column) => column.notNull())
      .addColumn("obtained_at", integer, (column) => column.notNull())
      .addColumn("expires_at", integer)
      .addColumn("refresh_expires_at", integer)
      .addColumn("rotated_at", integer)
      .addColumn("set_aside_at", integer, (column) => column.notNull())
      .addColumn("tried_at", integer)
      .execute();
    await db.schema
      .createIndex("spare_token_sets_connection")
      .on("spare_token_sets")
      .columns(["connection_id", "id"])
      .execute();
    await db.schema.createIndex("spare_token_sets_age").on("spare_token_sets").column("set_aside_at").execute();
    await db.schema
      .createTable("instances")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("started_at", integer, (column) => column.notNull())
      .addColumn("heartbeat_at", integer, (column) => column.notNull())
      .addColumn("verified_incarnation", integer, (column) => column.notNull())
      .addColumn("verified_at", integer, (column) => column.notNull())
      .execute();
    await extendLeases(db, integer);
  };
}

async function extendConnections(db: Kysely<unknown>, integer: ColumnTypes["integer"]): Promise<void> {
  await db.schema
    .alterTable("connections")
    .addColumn("policy", "text", (column) => column.notNull().defaultTo("adaptive"))
    .execute();
  await db.schema.alterTable("connections").addColumn("last_read_at", integer).execute();
  await db.schema.alterTable("connections").addColumn("seed", "text").execute();
  await sql`create unique index connections_seed on connections (client_id, seed) where seed is not null`.execute(db);
  await db.schema.alterTable("token_sets").addColumn("rotated_at", integer).execute();
}

async function extendLeases(db: Kysely<unknown>, integer: ColumnTypes["integer"]): Promise<void> {
  const zero = ["epoch", "lease_until", "unanswered", "answer_until"] as const;
  await db.schema
    .alterTable("refresh_leases")
    .addColumn("client_id", "text", (column) => column.notNull().defaultTo(""))
    .execute();
  for (const name of zero) {
    await db.schema
      .alterTable("refresh_leases")
      .addColumn(name, integer, (column) => column.notNull().defaultTo(0))
      .execute();
  }
  await db.schema.alterTable("refresh_leases").addColumn("owner", "text").execute();
  await db.schema.alterTable("refresh_leases").addColumn("answer_owner", "text").execute();
  await db.schema.alterTable("refresh_leases").addColumn("rejected_at", integer).execute();
  await db.schema.alterTable("refresh_leases").addColumn("last_rejected_at", integer).execute();
  await sql`update refresh_leases set
    client_id = (select client_id from connections where connections.id = refresh_leases.connection_id),
    unanswered = case when attempt_generation is null then 0 else 1 end`.execute(db);
  // Each holds only the rows that a round looks for, so a million resting connections cost it nothing.
  await sql`drop index refresh_leases_due`.execute(db);
  await sql`create index refresh_leases_due on refresh_leases (due_at, client_id)
    where due_at is not null and owner is null`.execute(db);
  await sql`create index refresh_leases_owned on refresh_leases (lease_until) where owner is not null`.execute(db);
  await sql`create index refresh_leases_rejected on refresh_leases (client_id, last_rejected_at)
    where last_rejected_at is not null`.execute(db);
}
