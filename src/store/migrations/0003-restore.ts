import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** What a database knows of its own past: how long it has lived, and when it was copied, restored or cloned. */
export function restore({ integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .alterTable("installation")
      .addColumn("beats", integer, (column) => column.notNull().defaultTo(0))
      .execute();
    const times = ["beat_at", "backup_taken_at", "restored_at", "restored_from", "cloned_at"];
    for (const name of times) await db.schema.alterTable("installation").addColumn(name, integer).execute();
    await db.schema.alterTable("installation").addColumn("hold_after", "text").execute();
    await db.schema.alterTable("installation").addColumn("clone", "text").execute();
  };
}
