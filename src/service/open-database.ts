import type { Clock } from "../runtime/clock.ts";
import type { OpenedDatabase } from "../store/database.ts";
import type { DatabaseLocation } from "./settings.ts";

/** PostgreSQL has a clock of its own, which all processes share; SQLite is given ours. Only the one that is used is loaded. */
export async function openDatabase(location: DatabaseLocation, clock: Clock): Promise<OpenedDatabase> {
  if (location.kind === "sqlite") {
    const { openSqlite } = await import("../store/sqlite/open.ts");
    return openSqlite(location.path, clock);
  }
  const { openPostgres } = await import("../store/postgres/open.ts");
  return openPostgres(location.url);
}
