import SQLite from "better-sqlite3";
import { SqliteDialect, SqliteDriver, type DatabaseConnection, type Driver, type SqliteDatabase } from "kysely";

/**
 * Everything of better-sqlite3 that this process has made. Version 12 is the last that runs on Node 20, and from Node 24.19 on
 * V8 ends the process when it frees an object of that version while no JavaScript runs. So none is freed: a process has one
 * database, and few texts of statements.
 */
const kept: object[] = [];

export function openDriver(path: string, options: SQLite.Options): SQLite.Database {
  const driver = new SQLite(path, options);
  kept.push(driver);
  return driver;
}

/** For Kysely: a statement is prepared once for each text, and used again. */
export function withKeptStatements(driver: SQLite.Database): SqliteDatabase {
  const statements = new Map<string, SQLite.Statement>();
  kept.push(statements);
  return {
    prepare: (text) => {
      const known = statements.get(text) ?? driver.prepare(text);
      statements.set(text, known);
      return known;
    },
    close: () => void driver.close(),
  };
}

/**
 * Kysely's dialect whose one connection is waited for in a queue. Kysely itself wakes everybody who waits whenever the connection
 * becomes free, and all but one wait again: thousands who wait at once, after a restart for instance, would cost millions of turns.
 */
export class QueuedSqliteDialect extends SqliteDialect {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): Driver {
    return new QueuedSqliteDriver({ database: this.#database });
  }
}

class QueuedSqliteDriver extends SqliteDriver {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  override async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#taken) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#taken = true;
    return super.acquireConnection();
  }

  override async releaseConnection(): Promise<void> {
    await super.releaseConnection();
    const next = this.#waiting.shift();
    this.#taken = next !== undefined;
    next?.();
  }
}

/** Reads one value by a statement that is kept; `driver.pragma` would make one that is not. */
export function readValue(driver: SQLite.Database, text: string): unknown {
  const statement = driver.prepare(text).pluck();
  kept.push(statement);
  return statement.get();
}
