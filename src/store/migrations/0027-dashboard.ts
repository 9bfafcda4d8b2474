import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/**
 * What a list of many connections is looked through by, computed by the database from what is stored, so that it is never another
 * thing; and how many token requests there were.
 */
export function dashboard({ integer, jsonField, generated, coveringIndex, tenantWall }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    const columns = {
      own_status: sql`case when status = 'active' and (missing_scopes <> '[]' or claims is not null) then 'degraded'
        else status end`,
      own_cause: sql`case when status = 'active' and claims is not null then 'interaction_required'
        when status = 'active' and missing_scopes <> '[]' then 'scope_insufficient'
        else ${jsonField("diagnosis", "cause")} end`,
      search_text: sql`lower(id || ${LINE} || coalesce(account_id, '') || ${LINE} || coalesce(account_label, '') || ${LINE}
        || coalesce(end_user, ''))`,
    };
    for (const [name, value] of Object.entries(columns)) {
      await sql`alter table connections add column ${sql.ref(name)} text generated always as (${value}) ${generated}`.execute(
        db,
      );
    }
    await db.schema
      .createIndex("connections_own_status")
      .on("connections")
      .columns(["tenant_id", "own_status", "id"])
      .execute();
    await db.schema
      .createIndex("connections_consented")
      .on("connections")
      .columns(["tenant_id", "consented_at"])
      .execute();
    for (const statement of coveringIndex("connections_listed", "connections", LISTED)) await statement.execute(db);
    await sql`create index token_sets_refresh_expires on token_sets (refresh_expires_at)
      where refresh_expires_at is not null`.execute(db);
    await db.schema
      .createTable("refresh_counts")
      .addColumn("step", integer, (column) => column.notNull())
      .addColumn("at", integer, (column) => column.notNull())
      .addColumn("tenant_id", "text", (column) => column.notNull())
      .addColumn("client_id", "text", (column) => column.notNull())
      .addColumn("outcome", "text", (column) => column.notNull())
      .addColumn("speed", integer, (column) => column.notNull())
      .addColumn("count", integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("refresh_counts_key", ["step", "at", "tenant_id", "client_id", "outcome", "speed"])
      .execute();
    for (const statement of tenantWall("refresh_counts", "tenant_id")) await statement.execute(db);
  };
}

/** Between what is searched for, so that nothing is found across. */
const LINE = sql.lit("\n");

/** All that a list is filtered and ordered by. */
const LISTED = [
  "tenant_id",
  "id",
  "own_status",
  "own_cause",
  "client_id",
  "status_since",
  "last_proven_at",
  "labels",
  "search_text",
];
