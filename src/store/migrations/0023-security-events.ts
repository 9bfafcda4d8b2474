import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/**
 * What providers told of accounts and tokens: the inbox, what verifies it, and what of it concerns a connection. Names by which
 * a provider tells of a token that it revoked stand beside the token.
 */
export function securityEvents({ blob, integer, tenantWall }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .createTable("security_events")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"))
      .addColumn("client_id", "text", (column) => column.notNull().references("clients.id"))
      .addColumn("issuer", "text", (column) => column.notNull())
      .addColumn("jti", "text", (column) => column.notNull())
      .addColumn("type", "text", (column) => column.notNull())
      .addColumn("subject", "text")
      .addColumn("issued_at", integer)
      .addColumn("received_at", integer, (column) => column.notNull())
      .addColumn("verdict", "text", (column) => column.notNull())
      .addColumn("connections", integer, (column) => column.notNull().defaultTo(0))
      .addUniqueConstraint("security_events_once", ["tenant_id", "issuer", "jti", "type"])
      .execute();
    await db.schema.createIndex("security_events_received").on("security_events").column("received_at").execute();
    await db.schema
      .createTable("security_event_receivers")
      .addColumn("client_id", "text", (column) => column.primaryKey().references("clients.id"))
      .addColumn("issuer", "text")
      .addColumn("audience", "text", (column) => column.notNull().defaultTo("[]"))
      .addColumn("poll_url", "text")
      .execute();
    await db.schema
      .createTable("signing_secrets")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("client_id", "text", (column) => column.notNull().references("clients.id"))
      .addColumn("sender", "text", (column) => column.notNull())
      .addColumn("sealed", blob, (column) => column.notNull())
      .addColumn("created_at", integer, (column) => column.notNull())
      .addUniqueConstraint("signing_secrets_sender", ["client_id", "sender"])
      .execute();
    const walls = [
      ["security_events", "tenant_id"],
      ["security_event_receivers", "client_id"],
      ["signing_secrets", "client_id"],
    ] as const;
    for (const [table, owner] of walls) {
      for (const statement of tenantWall(table, owner)) await statement.execute(db);
    }
    await db.schema.alterTable("refresh_leases").addColumn("notice", "text").execute();
    for (const table of ["token_sets", "spare_token_sets"]) {
      await db.schema.alterTable(table).addColumn("token_prefix_name", "text").execute();
      await db.schema.alterTable(table).addColumn("token_digest_name", "text").execute();
    }
    for (const name of ["token_prefix_name", "token_digest_name"]) {
      await sql`create index ${sql.ref(`token_sets_${name}`)} on token_sets (${sql.ref(name)})
        where ${sql.ref(name)} is not null`.execute(db);
    }
    await sql`create index connections_account_label on connections (client_id, lower(account_label))
      where account_label is not null`.execute(db);
  };
}
