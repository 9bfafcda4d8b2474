import { sql } from "kysely";
import type { Dialect } from "../database.ts";

export const postgresDialect: Dialect = {
  columns: {
    blob: "bytea",
    integer: "bigint",
    serial: (column) => column.primaryKey().generatedAlwaysAsIdentity(),
  },
  forUpdate: sql`for update`,
  skipLocked: sql`for update skip locked`,
};
