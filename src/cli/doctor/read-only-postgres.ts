import type { Secret } from "../../runtime/secret.ts";
import type { Database, Queries } from "../../store/database.ts";
import { postgresDialect } from "../../store/postgres/dialect.ts";
import { translate } from "../../store/postgres/driver-error.ts";
import { createPool } from "../../store/postgres/pool.ts";
import { inTransaction } from "../../store/postgres/transaction.ts";

/** A PostgreSQL database that refuses whatever would change it, for one reader. */
export function openPostgresReadOnly(url: Secret<string>): Database {
  const pool = createPool(url, { maxConnections: 1, connectWithinMs: 5_000, answerWithinMs: 10_000 });
  const run = <T>(work: (queries: Queries) => Promise<T>): Promise<T> =>
    inTransaction(() => pool.connect(), "begin isolation level read committed read only", work).catch(
      (error: unknown) => {
        throw translate(error);
      },
    );
  return { dialect: postgresDialect, read: run, write: run, close: () => pool.end() };
}
