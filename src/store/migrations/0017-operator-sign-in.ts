import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/**
 * Browsers in which a person signed in, and attempts at it that came back. The sessions are made anew because one of a person has
 * no key.
 */
export function operatorSignIn({ integer, tenantWall }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema.alterTable("operator_sessions").renameTo("operator_sessions_before").execute();
    await db.schema
      .createTable("operator_sessions")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"))
      .addColumn("key_id", "text")
      .addColumn("operator", "text")
      .addColumn("hash", "text", (column) => column.notNull())
      .addColumn("from_address", "text")
      .addColumn("created_at", integer, (column) => column.notNull())
      .addColumn("last_used_at", integer, (column) => column.notNull())
      .addColumn("expires_at", integer, (column) => column.notNull())
      .addColumn("ended_at", integer)
      .execute();
    await sql`insert into operator_sessions
        (id, tenant_id, key_id, hash, from_address, created_at, last_used_at, expires_at, ended_at)
      select id, tenant_id, key_id, hash, from_address, created_at, last_used_at, expires_at, ended_at
      from operator_sessions_before`.execute(db);
    await db.schema.dropTable("operator_sessions_before").execute();
    for (const statement of tenantWall("operator_sessions", "tenant_id")) await statement.execute(db);
    await db.schema
      .createTable("operator_sign_ins")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("used_at", integer, (column) => column.notNull())
      .addColumn("refused_at", integer)
      .execute();
  };
}
