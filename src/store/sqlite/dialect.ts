import { sql } from "kysely";
import type { Dialect } from "../database.ts";

export const sqliteDialect: Dialect = {
  columns: {
    blob: "blob",
    integer: "integer",
    serial: (column) => column.primaryKey().autoIncrement(),
    randomHex: sql`(lower(hex(randomblob(16))))`,
    generated: sql`virtual`,
    jsonField: (column, name) => sql`${sql.ref(column)} ->> ${sql.lit(name)}`,
    coveringIndex: (name, table, columns) => [
      sql`create index ${sql.ref(name)} on ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})`,
    ],
    appendOnly: (table) =>
      ["update", "delete"].map(
        (
          change,
        ) => sql`create trigger ${sql.id(`${table}_no_${change}`)} before ${sql.raw(change)} on ${sql.table(table)}
          begin select raise(abort, 'what is written down stays as it is'); end`,
      ),
    tenantWall: () => [],
  },
  forUpdate: sql``,
  skipLocked: sql``,
  listed: sql`indexed by connections_listed`,
};
