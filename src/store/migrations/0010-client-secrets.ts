import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/**
 * The life of a client secret: who added, promoted and retired it, how often it was proven, whether it was refused, until when it
 * is kept, and when it expires. The table is made anew because one that is erased has no sealed value any more. A deleted client
 * stays, because connections that were disconnected name it.
 */
export function clientSecrets({ blob, integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema.alterTable("clients").addColumn("deleted_at", integer).execute();
    await db.schema.dropIndex("client_secrets_client").execute();
    await db.schema.alterTable("client_secrets").renameTo("client_secrets_before").execute();
    await db.schema
      .createTable("client_secrets")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("client_id", "text", (column) => column.notNull().references("clients.id").onDelete("cascade"))
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("sealed", blob)
      .addColumn("created_at", integer, (column) => column.notNull())
      .addColumn("created_by", "text")
      .addColumn("promoted_at", integer)
      .addColumn("promoted_by", "text")
      .addColumn("retired_at", integer)
      .addColumn("retired_by", "text")
      .addColumn("kept_until", integer)
      .addColumn("last_used_at", integer)
      .addColumn("proven_count", integer, (column) => column.notNull().defaultTo(0))
      .addColumn("tried_count", integer, (column) => column.notNull().defaultTo(0))
      .addColumn("trial_until", integer, (column) => column.notNull().defaultTo(0))
      .addColumn("promotes_itself", integer, (column) => column.notNull().defaultTo(0))
      .addColumn("refused_at", integer)
      .addColumn("refused_code", "text")
      .addColumn("expires_at", integer)
      .addColumn("warned_days", integer)
      .execute();
    // What was retired was of no use any more.
    await sql`insert into client_secrets (id, client_id, state, sealed, created_at, retired_at)
      select id, client_id, state, case when state = 'active' then sealed end, created_at, retired_at
      from client_secrets_before`.execute(db);
    await db.schema.dropTable("client_secrets_before").execute();
    await db.schema.createIndex("client_secrets_client").on("client_secrets").columns(["client_id", "state"]).execute();
  };
}
