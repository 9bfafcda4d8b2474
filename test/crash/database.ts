import { join } from "node:path";
import type { Database } from "../../dist/store/database.js";
import { openPostgres } from "../../dist/store/postgres/open.js";
import { openSqlite } from "../../dist/store/sqlite/open.js";
import { secret } from "../../dist/runtime/secret.js";
import { systemClock } from "../../dist/service/system.js";
import { startPostgres } from "../stage/postgres/server.ts";

export type DatabaseKind = "sqlite" | "postgres";

/** A database that the processes under proof share, and the proof looks into. */
export interface SharedDatabase {
  kind: DatabaseKind;
  /** For EVERGRANT_DATABASE_URL. */
  url: string;
  database: Database;
  close(): Promise<void>;
}

/** A new one: a file in `folder`, or a PostgreSQL server of its own. */
export async function createDatabase(kind: DatabaseKind, folder: string): Promise<SharedDatabase> {
  if (kind === "postgres") {
    const server = await startPostgres();
    const shared = await openShared(server.url("postgres"));
    return { ...shared, close: () => shared.close().then(() => server.remove()) };
  }
  const path = join(folder, "evergrant.db");
  const database = await openSqlite(path, systemClock);
  return { kind, url: `sqlite:${path}`, database, close: () => database.close() };
}

/** A PostgreSQL database that somebody else started. */
export async function openShared(url: string): Promise<SharedDatabase> {
  const database = await openPostgres(secret(url));
  return { kind: "postgres", url, database, close: () => database.close() };
}
