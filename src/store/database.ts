import type { Kysely, RawBuilder } from "kysely";
import { ServiceError } from "../runtime/service-error.ts";
import type { ColumnTypes } from "./column-types.ts";
import type { Schema } from "./schema.ts";

export type Queries = Kysely<Schema>;

/** A database behind which SQLite and PostgreSQL look alike; what differs is in the folders of those names. */
export interface Database {
  dialect: Dialect;
  /** Reads what one statement sees. */
  read<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  /**
   * One transaction: all of it is on disk when this resolves, or none of it happened. `work` may run more than once, lets every
   * error out, and waits for each statement before the next.
   */
  write<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A database as it was opened, for everybody. */
export interface OpenedDatabase extends Database {
  /**
   * The same database without the rows of other tenants: on PostgreSQL they are not found, not changed and not made, whatever a
   * query forgets to ask for, unless the service's role is a superuser. A read is a transaction there too. SQLite has no such wall.
   */
  forTenant(tenantId: string): Database;
}

/**
 * What one schema and one set of queries cannot say alike. Each query has to be right under PostgreSQL's rules, which are the
 * stricter ones; docs/database.md lists them. `eg_now()` and `eg_incarnation()` are functions of the driver in SQLite, and of
 * the database in PostgreSQL.
 */
export interface Dialect {
  columns: ColumnTypes;
  /**
   * For the end of a `select` from one table: nobody else changes these rows before the transaction ends. SQLite has one writer
   * at a time, and nothing to add.
   */
  forUpdate: RawBuilder<unknown>;
  /** The same, without the rows that another transaction has locked. */
  skipLocked: RawBuilder<unknown>;
  /**
   * For `connections` in a `from`: looked through by the index that holds all that they are listed by. SQLite takes a computed column
   * for the whole row, and so leaves that index aside by itself.
   */
  listed: RawBuilder<unknown>;
}

/** Turns a driver's error into `store_unavailable`, with a sentence that says what to look at. */
export function unavailable(sentence: string, cause: unknown): ServiceError {
  const error = new ServiceError("store_unavailable", sentence, { retryAfterMs: 1000 });
  error.cause = cause;
  return error;
}
