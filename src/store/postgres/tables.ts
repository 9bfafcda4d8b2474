import { sql } from "kysely";
import type { Queries } from "../database.ts";

/** The tables where ours are, or are to be made. */
export async function tableNames(queries: Queries): Promise<string[]> {
  const query = sql<{ name: string }>`select tablename::text as name from pg_catalog.pg_tables
    where schemaname = current_schema() order by tablename`;
  const { rows } = await query.execute(queries);
  return rows.map(({ name }) => name);
}

/** Ours are made in one transaction: all of them are there, or none. */
export function isForeign(tables: readonly string[]): boolean {
  return tables.length > 0 && !(tables.includes("kysely_migration") && tables.includes("installation"));
}
