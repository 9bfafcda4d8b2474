import { openDriver, readValue } from "../../store/sqlite/driver.ts";
import { running } from "./running.ts";

/**
 * Takes everything into the database file and locks it until it is closed. Throws when anybody else has it open; null when it is
 * damaged, which is then all that can be said.
 */
export function lockAlone(path: string): { close(): void } | null {
  const driver = openDriver(path, { fileMustExist: true, timeout: 1000 });
  try {
    readValue(driver, "pragma journal_mode = delete");
    driver.exec("begin exclusive");
    return { close: () => void driver.close() };
  } catch (error) {
    driver.close();
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (/^SQLITE_(BUSY|LOCKED)/.test(code)) throw running();
    if (/^SQLITE_(CORRUPT|NOTADB|IOERR)/.test(code)) return null;
    throw error;
  }
}
