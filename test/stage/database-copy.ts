import type { Database } from "../../src/store/database.ts";

/** In this order rows can be put back; the reverse deletes them. */
const TABLES = [
  "installation",
  "clients",
  "client_secrets",
  "dpop_keys",
  "connections",
  "token_sets",
  "spare_token_sets",
  "refresh_leases",
  "instances",
  "history",
] as const;

/** Remembers the database as it is; the function returned makes it that again, under whoever has it open. */
export async function copyOf(database: Database): Promise<() => Promise<void>> {
  const copies = await database.read(async (queries) => {
    const found = [];
    for (const table of TABLES) found.push({ table, rows: await queries.selectFrom(table).selectAll().execute() });
    return found;
  });
  return () =>
    database.write(async (queries) => {
      for (const { table } of copies.toReversed()) await queries.deleteFrom(table).execute();
      for (const { table, rows } of copies) if (rows.length > 0) await queries.insertInto(table).values(rows).execute();
    });
}
