import { systemClock } from "../../service/system.ts";
import type { Database } from "../../store/database.ts";
import { openSqlite } from "../../store/sqlite/open.ts";

/** What a first start would find in a database that is yet to be made. */
export function emptyDatabase(): Promise<Database> {
  return openSqlite(":memory:", systemClock);
}
