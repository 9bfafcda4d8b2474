import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type SQLite from "better-sqlite3";
import { Kysely, sql } from "kysely";
import type { Clock } from "../../runtime/clock.ts";
import { unavailable, type OpenedDatabase, type Queries } from "../database.ts";
import { migrate } from "../migrate.ts";
import type { Schema } from "../schema.ts";
import { sqliteDialect } from "./dialect.ts";
import { openDriver, QueuedSqliteDialect, readValue, withKeptStatements } from "./driver.ts";

export interface SqliteOptions {
  /** What `eg_incarnation()` says. A file has no server that could restart and have lost something, so it is always the same. */
  incarnation?: () => number;
}

/** Opens a database file, or makes one that only its owner can read, and brings its schema up to date. */
export async function openSqlite(path: string, clock: Clock, options: SqliteOptions = {}): Promise<OpenedDatabase> {
  const driver = openFile(path, clock);
  driver.function("eg_incarnation", options.incarnation ?? (() => 1));
  const queries = new Kysely<Schema>({ dialect: new QueuedSqliteDialect(withKeptStatements(driver)) });
  const database: OpenedDatabase = {
    dialect: sqliteDialect,
    read: (work) => guarded(() => work(queries)),
    write: (work) => guarded(() => immediately(queries, work)),
    forTenant: () => database,
    close: () => queries.destroy(),
  };
  // One transaction under the write lock: a start that is killed, or two at once, leave no half of a schema.
  await database
    .write((tables) => migrate(tables, sqliteDialect.columns))
    .catch(async (error: unknown) => {
      await database.close();
      throw error;
    });
  return database;
}

function openFile(path: string, clock: Clock): SQLite.Database {
  try {
    if (path !== ":memory:") {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      closeSync(openSync(path, "a", 0o600));
    }
    const driver = openDriver(path, { timeout: 5000 });
    claimFile(driver);
    driver.exec("pragma journal_mode = WAL");
    // WAL with anything less may lose the last commits when the power goes: rotated refresh tokens among them.
    driver.exec("pragma synchronous = FULL");
    driver.exec("pragma foreign_keys = ON");
    driver.function("eg_now", () => Math.floor(clock.now()));
    return driver;
  } catch (error) {
    throw translate(error);
  }
}

/** "EGDB": SQLite keeps it in the file's header, so that no other program's database is taken for ours. */
const APPLICATION_ID = 0x45474442;

function claimFile(driver: SQLite.Database): void {
  const owner = readValue(driver, "pragma application_id");
  if (owner === APPLICATION_ID) return;
  const tables = readValue(driver, "select count(*) from sqlite_master");
  if (owner !== 0 || tables !== 0) {
    throw unavailable(
      "The database file belongs to another program. Point EVERGRANT_DATABASE_URL at the right file.",
      null,
    );
  }
  driver.exec(`pragma application_id = ${APPLICATION_ID}`);
}

/** Takes the write lock at the start: a transaction that begins as a reader may find that it cannot become a writer. */
function immediately<T>(queries: Queries, work: (queries: Queries) => Promise<T>): Promise<T> {
  return queries.connection().execute(async (connection) => {
    await sql`begin immediate`.execute(connection);
    try {
      const result = await work(connection);
      await sql`commit`.execute(connection);
      return result;
    } catch (error) {
      await sql`rollback`.execute(connection).catch(() => undefined);
      throw error;
    }
  });
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error);
  }
}

const SENTENCES: Readonly<Record<string, string>> = {
  SQLITE_FULL: "The disk of the database is full. Free some space; nothing was lost.",
  SQLITE_NOTADB: "The database file is not an SQLite database. Point EVERGRANT_DATABASE_URL at the right file.",
  SQLITE_CORRUPT: "The database file is damaged. Stop the service and restore a backup.",
  SQLITE_CANTOPEN: "The database file cannot be opened. Check that its folder exists and can be written.",
  SQLITE_READONLY: "The database file cannot be written. Check its permissions.",
  SQLITE_LOCKED: "The database is locked. Try again in a moment.",
  SQLITE_PROTOCOL: "The database is locked. Try again in a moment.",
  SQLITE_NOMEM: "There is not enough memory for the database.",
  SQLITE_BUSY: "Another process holds the database. Try again in a moment.",
  SQLITE_IOERR: "The disk of the database reports an error. Check the disk.",
  EACCES: "The database file cannot be opened. Check its permissions.",
  ENOENT: "The folder of the database cannot be made. Check EVERGRANT_DATABASE_URL.",
  ENOTDIR: "The folder of the database is a file. Check EVERGRANT_DATABASE_URL.",
  EEXIST: "The folder of the database is a file. Check EVERGRANT_DATABASE_URL.",
  EISDIR: "The database path is a folder. Check EVERGRANT_DATABASE_URL.",
  ENOSPC: "The disk of the database is full. Free some space; nothing was lost.",
  EROFS: "The disk of the database cannot be written.",
};

/** A driver's error as `store_unavailable`, where a sentence says what to look at. */
export function translate(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return error;
  const { code } = error;
  const known = Object.keys(SENTENCES).find((name) => code === name || code.startsWith(`${name}_`));
  return known === undefined ? error : unavailable(SENTENCES[known] ?? code, error);
}
