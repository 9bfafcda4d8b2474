import { sql } from "kysely";
import { hourOf } from "../access/handed-out.ts";
import type { TokenReads, TokenReadStore } from "../access/store.ts";
import type { Database, Queries } from "./database.ts";

export function createTokenReadStore(database: Database): TokenReadStore {
  return {
    add: (reads) => database.write((queries) => add(queries, reads)),
    list: ({ connectionId, from, to }) =>
      database.read(async (queries) => {
        const rows = await queries
          .selectFrom("token_reads")
          .selectAll()
          .where("connection_id", "=", connectionId)
          .where("hour", ">=", hourOf(from))
          .where("hour", "<", to)
          .orderBy("hour")
          .orderBy("key_id")
          .execute();
        return rows.map(({ hour, key_id: keyId, count }) => ({ hour, keyId, connectionId, count }));
      }),
    prune: async (before) => {
      while (await database.write((queries) => deleteOldestHour(queries, before)));
    },
  };
}

async function add(queries: Queries, reads: readonly TokenReads[]): Promise<void> {
  if (reads.length === 0) return;
  const rows = reads.map(({ hour, keyId, connectionId, count }) => ({
    connection_id: connectionId,
    hour,
    key_id: keyId,
    count,
  }));
  await queries
    .insertInto("token_reads")
    // In one order, so that two processes do not wait for each other.
    .values(rows.toSorted((a, b) => compare(a.connection_id, b.connection_id) || compare(a.key_id, b.key_id)))
    .onConflict((conflict) =>
      conflict
        .columns(["connection_id", "hour", "key_id"])
        .doUpdateSet({ count: sql<number>`token_reads.count + excluded.count` }),
    )
    .execute();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** An hour at a time, so that nobody waits long behind it. True when there may be another. */
async function deleteOldestHour(queries: Queries, before: number): Promise<boolean> {
  const oldest = await queries
    .selectFrom("token_reads")
    .select("hour")
    .where("hour", "<", before)
    .orderBy("hour")
    .limit(1)
    .executeTakeFirst();
  if (!oldest) return false;
  await queries.deleteFrom("token_reads").where("hour", "=", oldest.hour).execute();
  return true;
}
