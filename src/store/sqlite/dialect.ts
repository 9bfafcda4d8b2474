import { sql } from "kysely";
import type { Dialect } from "../database.ts";

export const sqliteDialect: Dialect = {
  columns: {
    blob: "blob",
    integer: "integer",
    serial: (column) => column.primaryKey().autoIncrement(),
    randomHex: sql`(lower(hex(randomblob(16))))`,
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
};
