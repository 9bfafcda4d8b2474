import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Addresses of tenants and of clients, limits, and how tenants end; and with which redirect URI a user left. */
export function tenants({ integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    const table = db.schema.alterTable("tenants");
    await table.addColumn("public_url", "text").execute();
    await table.addColumn("limits", "text", (column) => column.notNull().defaultTo("{}")).execute();
    await table.addColumn("closed_at", integer).execute();
    await table.addColumn("deleted_at", integer).execute();
    await db.schema.alterTable("clients").addColumn("public_url", "text").execute();
    await db.schema.alterTable("connect_sessions").addColumn("redirect_uri", "text").execute();
    for (const name of ["tenants", "clients"]) {
      await sql`create index ${sql.ref(`${name}_public_url`)} on ${sql.table(name)} (public_url)
        where public_url is not null`.execute(db);
    }
    for (const name of ["clients", "api_keys", "connect_sessions"]) {
      await db.schema.createIndex(`${name}_tenant`).on(name).column("tenant_id").execute();
    }
  };
}
