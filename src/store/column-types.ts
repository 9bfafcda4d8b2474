import type { ColumnBuilderCallback, RawBuilder } from "kysely";

/** What differs between databases where tables are made. */
export interface ColumnTypes {
  blob: "blob" | "bytea";
  /** Holds epoch milliseconds. */
  integer: "integer" | "bigint";
  /** Makes an `integer` column count up by itself: the primary key of an append-only table. */
  serial: ColumnBuilderCallback;
  /** Statements after which the rows of a table can be neither changed nor deleted. */
  appendOnly(this: void, table: string): readonly RawBuilder<unknown>[];
}
