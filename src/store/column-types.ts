import type { ColumnBuilderCallback } from "kysely";

/** The column types that differ between databases. */
export interface ColumnTypes {
  blob: "blob" | "bytea";
  /** Holds epoch milliseconds. */
  integer: "integer" | "bigint";
  /** Makes an `integer` column count up by itself: the primary key of an append-only table. */
  serial: ColumnBuilderCallback;
}
