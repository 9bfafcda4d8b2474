import type { DatabaseLocation } from "../../service/settings.ts";
import type { Database } from "../../store/database.ts";
import { checkPostgres } from "./check-postgres.ts";
import { checkSqlite } from "./check-sqlite.ts";
import type { Finding } from "./finding.ts";

/** The first finding decides; others are about how the database is used. The value is null when it cannot be read. */
export interface CheckedDatabase {
  findings: Finding[];
  value: Database | null;
}

/** Opens the database as it is. For one that is yet to be made, the value is an empty one in memory. */
export async function checkDatabase(location: DatabaseLocation): Promise<CheckedDatabase> {
  if (location.kind === "postgres") return checkPostgres(location.url);
  const { finding, value } = await checkSqlite(location.path);
  return { findings: [finding], value };
}
