import { sql } from "kysely";
import { SILENCE, type InstanceStore } from "../refresh/instances.ts";
import { DAY } from "../runtime/clock.ts";
import type { Database } from "./database.ts";
import { egNow } from "./now.ts";
import { lately } from "./unverified-instances.ts";

const incarnation = sql<number>`eg_incarnation()`;

/** How long an instance that ended without a word is remembered. */
const REMEMBERED = DAY;

export function createInstanceStore(database: Database): InstanceStore {
  return {
    beat: (instanceId, verified) =>
      database.write(async (queries) => {
        await queries
          .insertInto("instances")
          .values({
            id: instanceId,
            started_at: egNow,
            heartbeat_at: egNow,
            verified_incarnation: verified,
            verified_at: egNow,
            steady_since: egNow,
          })
          .onConflict((conflict) =>
            conflict.column("id").doUpdateSet({
              heartbeat_at: egNow,
              steady_since: sql`case when instances.heartbeat_at < ${lately} then eg_now() else instances.steady_since end`,
              verified_incarnation: verified,
              verified_at: sql`case when instances.verified_incarnation = ${verified} then instances.verified_at
                else eg_now() end`,
            }),
          )
          .execute();
        await queries
          .deleteFrom("instances")
          .where("heartbeat_at", "<", sql<number>`eg_now() - ${sql.lit(REMEMBERED)}`)
          .execute();
        const living = queries
          .selectFrom("instances")
          .select((select) => select.fn.countAll<number>().as("count"))
          .where("heartbeat_at", ">", sql<number>`eg_now() - ${sql.lit(SILENCE)}`);
        return queries
          .selectNoFrom([egNow.as("now"), incarnation.as("incarnation"), living.as("living")])
          .executeTakeFirstOrThrow()
          .then((beat) => ({ ...beat, living: beat.living ?? 1 }));
      }),
    leave: (instanceId) =>
      database.write(async (queries) => {
        await queries.deleteFrom("instances").where("id", "=", instanceId).execute();
      }),
  };
}
