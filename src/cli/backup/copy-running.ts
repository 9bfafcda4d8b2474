import { isWritable } from "../doctor/is-writable.ts";
import { openDriver, readValue } from "../../store/sqlite/driver.ts";
import { translate } from "../../store/sqlite/open.ts";

/**
 * Copies a database that others may be writing to, as of one moment: a reader of a WAL database keeps nobody waiting, and unlike
 * SQLite's backup API it does not begin anew with each write of another process. `to` has to be empty, or not there.
 */
export function copyRunning(from: string, to: string): void {
  try {
    const driver = openDriver(from, { readonly: !isWritable(from), fileMustExist: true, timeout: 5000 });
    try {
      driver.exec(`vacuum into '${to.replaceAll("'", "''")}'`);
    } finally {
      driver.close();
    }
  } catch (error) {
    throw translate(error);
  }
}

/** What SQLite finds wrong with a file; null when nothing is. */
export function damageOf(path: string): string | null {
  try {
    const driver = openDriver(path, { fileMustExist: true });
    try {
      const found = readValue(driver, "pragma quick_check(1)");
      return found === "ok" ? null : String(found);
    } finally {
      driver.close();
    }
  } catch (error) {
    throw translate(error);
  }
}

/** Takes everything that lies beside a database that nobody has open into its file. */
export function intoOneFile(path: string): void {
  try {
    const driver = openDriver(path, { fileMustExist: true });
    readValue(driver, "pragma journal_mode = delete");
    driver.close();
  } catch (error) {
    throw translate(error);
  }
}
