import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Which generation's refresh token the provider rejected, so that a spare that arrives later is tried before it is sent again. */
export function rejectedGeneration({ integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema.alterTable("refresh_leases").addColumn("rejected_generation", integer).execute();
  };
}
