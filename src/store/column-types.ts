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
  /** Statements after which the rows of a table can be neither changed nor deleted. */
  appendOnly(this: void, table: string): readonly RawBuilder<unknown>[];
  /** Statements after which a transaction for one tenant (`OpenedDatabase.forTenant`) has no other tenant's rows of the table. */
  tenantWall(this: void, table: string, owner: OwnerColumn): readonly RawBuilder<unknown>[];
}
