import type { ColumnBuilderCallback, RawBuilder } from "kysely";

/** The column that says whose a row is: a tenant, or a client or connection that is of one. */
export type OwnerColumn = "id" | "tenant_id" | "client_id" | "connection_id";

/** What differs between databases where tables are made. */
export interface ColumnTypes {
  blob: "blob" | "bytea";
  /** Holds epoch milliseconds. */
  integer: "integer" | "bigint";
  /** Makes an `integer` column count up by itself: the primary key of an append-only table. */
  serial: ColumnBuilderCallback;
  /** A default for a `text` column: 32 hexadecimal digits of chance. */
  randomHex: RawBuilder<string>;
  /** How a column that is computed from others is kept. */
  generated: RawBuilder<unknown>;
  /** A text at the top of a column's JSON; null where there is none. */
  jsonField(this: void, column: string, name: string): RawBuilder<string | null>;
  /**
   * Statements after which many rows are looked through by the index alone. None for PostgreSQL, which reads the rows as fast, and
   * where one that has a column of every commit in it would have each commit written into all indexes of the table.
   */
  coveringIndex(this: void, name: string, table: string, columns: readonly string[]): readonly RawBuilder<unknown>[];
  /** Statements after which the rows of a table can be neither changed nor deleted. */
  appendOnly(this: void, table: string): readonly RawBuilder<unknown>[];
  /** Statements after which a transaction for one tenant (`OpenedDatabase.forTenant`) has no other tenant's rows of the table. */
  tenantWall(this: void, table: string, owner: OwnerColumn): readonly RawBuilder<unknown>[];
}
