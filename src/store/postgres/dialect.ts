import { sql } from "kysely";
import type { Dialect } from "../database.ts";
import { tenantWall } from "./tenant-wall.ts";

export const postgresDialect: Dialect = {
  columns: {
    blob: "bytea",
    integer: "bigint",
    serial: (column) => column.primaryKey().generatedAlwaysAsIdentity(),
    randomHex: sql`replace(gen_random_uuid()::text, '-', '')`,
    generated: sql`stored`,
    jsonField: (column, name) => sql`${sql.ref(column)}::jsonb ->> ${sql.lit(name)}`,
    coveringIndex: () => [],
    appendOnly: (table) => [
      sql`create or replace function eg_append_only() returns trigger language plpgsql as
        $$ begin raise exception 'what is written down stays as it is'; end $$`,
      sql`create trigger ${sql.id(`${table}_append_only`)} before update or delete on ${sql.table(table)}
        for each row execute function eg_append_only()`,
    ],
    tenantWall,
  },
  forUpdate: sql`for update`,
  skipLocked: sql`for update skip locked`,
  listed: sql``,
};
