import { sql } from "kysely";
import type { SharedDatabase } from "./database.ts";

/** The access token has run out, and no sweep has it on its list: the next caller finds it so. */
export async function expire({ database }: SharedDatabase, connectionId: string): Promise<void> {
  await database.write(async (queries) => {
    await sql`update token_sets set expires_at = eg_now() - 1 where connection_id = ${connectionId}`.execute(queries);
    await sql`update refresh_leases set due_at = null where connection_id = ${connectionId}`.execute(queries);
  });
}
