import { sql } from "kysely";
import { unavailable, type Queries } from "../database.ts";
import { migrate } from "../migrate.ts";
import { postgresDialect } from "./dialect.ts";
import { sqlStateOf } from "./driver-error.ts";
import { isForeign, tableNames } from "./tables.ts";

const FOREIGN =
  "The PostgreSQL database belongs to another program. Give Evergrant a database, or a schema, of its own.";

/**
 * Brings the schema up to date in one transaction, which `transact` begins, so that a start that is cut short leaves nothing half
 * done. Of several processes that start on an empty database one makes everything; for the others it appears all at once.
 */
export async function migratePostgres(transact: (work: typeof migrateWithin) => Promise<void>): Promise<void> {
  try {
    await transact(migrateWithin);
  } catch (error) {
    if (sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
    await transact(migrateWithin);
  }
}

/** What two transactions that make the same thing get: the second waits for the first, and then finds that it is there. */
const UNIQUE_VIOLATION = "23505";

async function migrateWithin(queries: Queries): Promise<void> {
  const tables = await tableNames(queries);
  if (isForeign(tables)) throw unavailable(FOREIGN, null);
  if (tables.length === 0) await createFunctions(queries);
  await migrate(queries, postgresDialect.columns);
}

/**
 * `eg_now()` goes on within a transaction, so that one which waited for a lock knows how late it is. Both are `stable`: within a
 * statement they say the same, and an index can be searched by them.
 */
async function createFunctions(queries: Queries): Promise<void> {
  await sql`create or replace function eg_now() returns bigint language sql stable as
    $$ select floor(extract(epoch from clock_timestamp()) * 1000)::bigint $$`.execute(queries);
  // Another server, or the same after a restart, has another: it may lack what was committed last, as a promoted standby does.
  await sql`create or replace function eg_incarnation() returns bigint language sql stable as
    $$ select floor(extract(epoch from pg_postmaster_start_time()) * 1000)::bigint $$`.execute(queries);
}
