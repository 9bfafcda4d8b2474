import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Refresh tokens of our own, each for one connection. */
export function virtualRefreshTokens({ blob, integer, tenantWall }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .createTable("virtual_refresh_tokens")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"))
      .addColumn("connection_id", "text", (column) => column.notNull().references("connections.id"))
      .addColumn("name", "text")
      .addColumn("hash", blob, (column) => column.notNull())
      .addColumn("created_by", "text", (column) => column.notNull())
      .addColumn("created_at", integer, (column) => column.notNull())
      .addColumn("expires_at", integer)
      .addColumn("revoked_at", integer)
      .addColumn("last_used_at", integer)
      .addColumn("last_used_from", "text")
      .execute();
    for (const of of ["tenant", "connection"]) {
      await db.schema
        .createIndex(`virtual_refresh_tokens_${of}`)
        .on("virtual_refresh_tokens")
        .columns([`${of}_id`, "id"])
        .execute();
    }
    for (const statement of tenantWall("virtual_refresh_tokens", "tenant_id")) await statement.execute(db);
  };
}
