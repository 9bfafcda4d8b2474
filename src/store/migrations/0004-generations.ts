import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/**
 * Which generation's refresh token the provider rejected, and which one the last consent began: what is worth trying is told by
 * them. And since when an instance has reached the database without a gap.
 */
export function generations({ integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema.alterTable("refresh_leases").addColumn("rejected_generation", integer).execute();
    await db.schema.alterTable("refresh_leases").addColumn("consented_generation", integer).execute();
    await db.schema
      .alterTable("instances")
      .addColumn("steady_since", integer, (column) => column.notNull().defaultTo(0))
      .execute();
  };
}
