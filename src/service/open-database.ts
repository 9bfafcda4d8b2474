import type { Clock } from "../runtime/clock.ts";
import type { OpenedDatabase } from "../store/database.ts";
import { openPostgres } from "../store/postgres/open.ts";
import { openSqlite } from "../store/sqlite/open.ts";
import type { DatabaseLocation } from "./settings.ts";

/** PostgreSQL has a clock of its own, which all processes share; SQLite is given ours. */
export function openDatabase(location: DatabaseLocation, clock: Clock): Promise<OpenedDatabase> {
  return location.kind === "sqlite" ? openSqlite(location.path, clock) : openPostgres(location.url);
}
