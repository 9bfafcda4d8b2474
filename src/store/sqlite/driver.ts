import SQLite from "better-sqlite3";
import type { SqliteDatabase } from "kysely";

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

/** Reads one value by a statement that is kept; `driver.pragma` would make one that is not. */
export function readValue(driver: SQLite.Database, text: string): unknown {
  const statement = driver.prepare(text).pluck();
  kept.push(statement);
  return statement.get();
}
