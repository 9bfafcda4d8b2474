import type SQLite from "better-sqlite3";
import { openDriver, readValue } from "../../src/store/sqlite/driver.ts";

/** A database file as another program would open it. */
export interface RawDatabase {
  exec(text: string): void;
  /** The first column of the first row. */
  value(text: string): unknown;
  close(): void;
}

export function openRaw(path: string, options: SQLite.Options = {}): RawDatabase {
  const driver = openDriver(path, options);
  return {
    exec: (text) => void driver.exec(text),
    value: (text) => readValue(driver, text),
    close: () => void driver.close(),
  };
}
