import { sql } from "kysely";
import { afterAll } from "vitest";
import type { Clock } from "../../../src/runtime/clock.ts";
import { secret } from "../../../src/runtime/secret.ts";
import type { Database } from "../../../src/store/database.ts";
import { openPostgres } from "../../../src/store/postgres/open.ts";
import { createDatabase } from "./database.ts";
import { followClock } from "./follow-clock.ts";

interface Reused {
  database: Database;
  end: () => Promise<void>;
}

/** Those of this test file that nobody uses at the moment. */
const free: Reused[] = [];
afterAll(async () => {
  for (const { end } of free.splice(0)) await end();
});

/**
 * An empty database whose time is the clock's. Closing it empties it for the next test, which is several times faster than making
 * another; so it is for tests that do nothing but call the stores.
 */
export async function reusedDatabase(clock: Clock): Promise<Database> {
  const reused = free.pop() ?? (await create());
  const following = await followClock(reused.database, clock);
  return {
    ...following,
    close: async () => {
      await reused.database.write((queries) => EMPTY.execute(queries));
      free.push(reused);
    },
  };
}

async function create(): Promise<Reused> {
  const { url, drop } = await createDatabase("migrated");
  const database = await openPostgres(secret(url));
  return { database, end: () => database.close().then(drop) };
}

const EMPTY = sql`do $$ begin
  execute (select 'truncate ' || string_agg(quote_ident(tablename), ', ') from pg_tables where schemaname = 'public'
    and tablename not in ('tenants', 'test_clock', 'kysely_migration', 'kysely_migration_lock'));
  delete from tenants where id <> 'default';
  update tenants set shredded_at = null;
end $$`;
