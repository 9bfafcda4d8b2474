import { Migrator } from "kysely";
import { egNow } from "./now.ts";
import { unavailable, type Queries } from "./database.ts";
import { up as initial } from "./migrations/0001-initial.ts";

/** Every migration there has ever been, by name; Kysely runs them in this order and once. */
const MIGRATIONS = { "0001-initial": { up: initial } };

const ANOTHER_VERSION = "The database was made by another version of Evergrant. Start that version, or a later one.";

export async function migrate(queries: Queries): Promise<void> {
  const migrator = new Migrator({ db: queries, provider: { getMigrations: () => Promise.resolve(MIGRATIONS) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw isFromAnotherVersion(error) ? unavailable(ANOTHER_VERSION, error) : error;
  await queries
    .insertInto("tenants")
    .values({ id: "default", name: "Default", created_at: egNow })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Kysely says so of migrations that were run and are not in its list. */
function isFromAnotherVersion(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("corrupted migrations");
}
