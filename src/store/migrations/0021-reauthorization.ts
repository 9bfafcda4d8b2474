import { sql, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Reauthorization links that can be revoked, and connections that may be switched to another account. */
export function reauthorization({ blob, integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .alterTable("connections")
      .addColumn("link_epoch", integer, (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable("connect_sessions").addColumn("switch_epoch", integer).execute();
    await db.schema.alterTable("connect_sessions").addColumn("arrival", blob).execute();
    await sql`create index connect_sessions_arrival on connect_sessions (expires_at) where arrival is not null`.execute(
      db,
    );
  };
}
