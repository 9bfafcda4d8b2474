import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** What connections need and lack, what an API wants to be said at their next sign-in, and when each is looked at again. */
export function scopes({ integer }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    for (const column of ["required_scopes", "missing_scopes"]) {
      await db.schema
        .alterTable("connections")
        .addColumn(column, "text", (text) => text.notNull().defaultTo("[]"))
        .execute();
    }
    await db.schema.alterTable("connections").addColumn("claims", "text").execute();
    await db.schema
      .alterTable("connections")
      .addColumn("claims_refused", integer, (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable("connections")
      .addColumn("prove_at", integer, (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema.createIndex("connections_prove_at").on("connections").column("prove_at").execute();
    await db.schema
      .alterTable("connect_sessions")
      .addColumn("required_scopes", "text", (text) => text.notNull().defaultTo("[]"))
      .execute();
    await db.schema
      .alterTable("clients")
      .addColumn("probe_every_days", integer, (column) => column.notNull().defaultTo(7))
      .execute();
    await db.schema.alterTable("clients").addColumn("scopes_change", "text").execute();
    await db.schema.alterTable("clients").addColumn("scopes_looked_to", "text").execute();
  };
}
