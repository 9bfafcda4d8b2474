import { existsSync } from "node:fs";
import { Kysely, SqliteDialect } from "kysely";
import type { Database } from "../../store/database.ts";
import type { Schema } from "../../store/schema.ts";
import { sqliteDialect } from "../../store/sqlite/dialect.ts";
import { openDriver, withKeptStatements } from "../../store/sqlite/driver.ts";
import { translate } from "../../store/sqlite/open.ts";
import { isWritable } from "./is-writable.ts";

/** Opens a database file that exists, perhaps beside a running service. SQLite refuses whatever would change it. */
export function openReadOnly(path: string): Database {
  const queries = new Kysely<Schema>({ dialect: new SqliteDialect({ database: withKeptStatements(openFile(path)) }) });
  const run = <T>(work: (queries: Kysely<Schema>) => Promise<T>): Promise<T> =>
    work(queries).catch((error: unknown) => {
      throw translate(error);
    });
  return { dialect: sqliteDialect, read: run, write: run, close: () => queries.destroy() };
}

function openFile(path: string): ReturnType<typeof openDriver> {
  try {
    const driver = openDriver(path, { readonly: !isIdle(path), fileMustExist: true, timeout: 5000 });
    driver.exec("pragma query_only = ON");
    driver.function("eg_now", () => Date.now());
    return driver;
  } catch (error) {
    throw translate(error);
  }
}

/**
 * SQLite makes two files beside a WAL database that nobody has open in order to read it, and only a connection that may write
 * takes them away again when it closes.
 */
function isIdle(path: string): boolean {
  return !existsSync(`${path}-wal`) && isWritable(path);
}
