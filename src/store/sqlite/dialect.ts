import { sql } from "kysely";
import type { Dialect } from "../database.ts";

export const sqliteDialect: Dialect = {
  columns: {
    blob: "blob",
    integer: "integer",
    serial: (column) => column.primaryKey().autoIncrement(),
  },
  forUpdate: sql``,
  skipLocked: sql``,
};
