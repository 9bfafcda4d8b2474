import { existsSync } from "node:fs";
import type { Past } from "../../refresh/restores.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import type { Database } from "../../store/database.ts";
import { createRestoreStore } from "../../store/restores.ts";
import { openReadOnly } from "../doctor/read-only-database.ts";

/** What a database says of its own past; null when no service of this version, or of a later one, was started on it. */
export async function pastOf(database: Database): Promise<Past | null> {
  const known = await database.read((queries) => queries.introspection.getTables());
  const installation = known.find(({ name }) => name === "installation");
  const isNew = installation?.columns.some(({ name }) => name === "hold_after") ?? false;
  return isNew ? createRestoreStore(database).past() : null;
}

/** The same of a database file; null also when there is none, or none that can be read. */
export async function pastOfFile(path: string): Promise<Past | null> {
  if (!existsSync(path)) return null;
  try {
    const database = openReadOnly(path);
    try {
      return await pastOf(database);
    } finally {
      await database.close();
    }
  } catch (error) {
    if (error instanceof ServiceError) return null;
    throw error;
  }
}
