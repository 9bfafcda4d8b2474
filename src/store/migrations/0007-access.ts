import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/**
 * From where an API key may be used and how often, its rotation, when it was last used, and whether it came from the
 * environment; and how many access tokens each key was handed.
 */
export function access({ integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    const keys = db.schema.alterTable("api_keys");
    await keys.addColumn("allowed_cidrs", "text", (column) => column.notNull().defaultTo("[]")).execute();
    await keys.addColumn("rate_limit", integer).execute();
    await keys.addColumn("replaces", "text").execute();
    await keys.addColumn("replaced_by", "text").execute();
    await keys.addColumn("last_used_at", integer).execute();
    await keys.addColumn("last_used_from", "text").execute();
    await keys.addColumn("from_environment", integer, (column) => column.notNull().defaultTo(0)).execute();
    await db.schema
      .createTable("token_reads")
      .addColumn("connection_id", "text", (column) => column.notNull())
      .addColumn("hour", integer, (column) => column.notNull())
      .addColumn("key_id", "text", (column) => column.notNull())
      .addColumn("count", integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("token_reads_pk", ["connection_id", "hour", "key_id"])
      .execute();
    await db.schema.createIndex("token_reads_hour").on("token_reads").column("hour").execute();
  };
}
