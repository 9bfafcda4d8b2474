import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { sql } from "kysely";
import { ServiceError } from "../../runtime/service-error.ts";
import type { Database } from "../../store/database.ts";
import { emptyDatabase } from "./empty-database.ts";
import { fine, warning, wrong, type Checked } from "./finding.ts";
import { isWritable } from "./is-writable.ts";
import { nearestFolder } from "./nearest-folder.ts";
import { openReadOnly } from "./read-only-database.ts";
import { startAdvice } from "./start-advice.ts";

const CHECK = "database";

/** Opens the database as it is. For one that is yet to be made, the value is an empty one in memory. */
export async function checkSqlite(path: string): Promise<Checked<Database>> {
  if (!existsSync(path)) return missing(path);
  try {
    const database = openReadOnly(path);
    return await inspect(path, database).catch(async (error: unknown) => {
      await database.close();
      throw error;
    });
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const { found, next } = startAdvice(error.message);
    return bad(`${path}: ${found}`, next);
  }
}

async function missing(path: string): Promise<Checked<Database>> {
  const folder = nearestFolder(path);
  if (!isWritable(folder)) return bad(`${path} is missing, and ${folder} cannot be written`, "Check its permissions.");
  return { finding: fine(CHECK, `${path} will be made at the first start`), value: await emptyDatabase() };
}

async function inspect(path: string, database: Database): Promise<Checked<Database>> {
  const damage = await firstDamage(database);
  if (damage !== null) {
    await database.close();
    return bad(`${path} is damaged: ${damage}`, "Stop the service and restore a backup.");
  }
  if (!isWritable(path) || !isWritable(dirname(path))) {
    const next = "Check the permissions of the file and of its folder.";
    return { finding: wrong("database", CHECK, `${path} cannot be written`, next), value: database };
  }
  const tables = await tableNames(database);
  if (tables.includes("root_keys")) return { finding: fine(CHECK, `${path} is sound`), value: database };
  await database.close();
  if (tables.length > 0)
    return bad(`${path} belongs to another program`, "Point EVERGRANT_DATABASE_URL at the right file.");
  const next = "The next start makes its tables there. Check EVERGRANT_DATABASE_URL if that is not meant.";
  return { finding: warning(CHECK, `${path} is empty`, next), value: await emptyDatabase() };
}

async function firstDamage(database: Database): Promise<string | null> {
  const { rows } = await database.read((queries) =>
    sql<{ quick_check: string }>`pragma quick_check(1)`.execute(queries),
  );
  const [first] = rows;
  return first?.quick_check === "ok" ? null : (first?.quick_check ?? "the check says nothing");
}

async function tableNames(database: Database): Promise<string[]> {
  const query = sql<{ name: string }>`select name from sqlite_master where type = 'table'`;
  const { rows } = await database.read((queries) => query.execute(queries));
  return rows.map(({ name }) => name);
}

function bad(found: string, next: string): Checked<Database> {
  return { finding: wrong("database", CHECK, found, next), value: null };
}
