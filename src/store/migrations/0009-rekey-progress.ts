import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Since when a rekey's instance has been at work, and how much was done before: how fast it is. */
export function rekeyProgress({ integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .alterTable("rekeys")
      .addColumn("claimed_at", integer, (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable("rekeys")
      .addColumn("done_before", integer, (column) => column.notNull().defaultTo(0))
      .execute();
  };
}
