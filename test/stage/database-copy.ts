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
    for (const table of TABLES) {
      const rows: object[] = await queries.selectFrom(table).selectAll().execute();
      found.push({ table, rows: rows.map(written) });
    }
    return found;
  });
  return () =>
    database.write(async (queries) => {
      for (const { table } of copies.toReversed()) await queries.deleteFrom(table).execute();
      for (const { table, rows } of copies) if (rows.length > 0) await queries.insertInto(table).values(rows).execute();
    });
}

/** What the database computes from the rest of a connection; it is not for anybody to write. */
const COMPUTED: ReadonlySet<string> = new Set(["own_status", "own_cause", "search_text"]);

function written(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !COMPUTED.has(name)));
}
