import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Which generation's refresh token the provider rejected, and which it gave last: what is worth trying is told by them. */
export function generations({ integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema.alterTable("refresh_leases").addColumn("rejected_generation", integer).execute();
    await db.schema.alterTable("refresh_leases").addColumn("received_generation", integer).execute();
  };
}
