import { sql, type RawBuilder } from "kysely";
import { SILENCE } from "../refresh/instances.ts";
import { egNow } from "./now.ts";
import type { Transaction } from "./transaction.ts";

const silence = sql.lit(SILENCE);

/**
 * How many instances stand in the way of a claim by `claimer`, because they have not yet compared their journals with a database
 * that came back; `eg_incarnation()` is another one after each start of its server. These are:
 * - the claimer, also when the database does not know it any more;
 * - whoever else gives signs of life;
 * - whoever else is known, until as much time as makes an instance silent has passed since the first one verified: after a long
 *   outage all signs of life are old, and nobody can tell who lives.
 */
export function unverifiedInstances(claimer: string): RawBuilder<number> {
  return sql<number>`((select count(*) from instances where
    verified_incarnation <> eg_incarnation() and (
      heartbeat_at > eg_now() - ${silence}
      or eg_now() < (select min(verified_at) from instances where verified_incarnation = eg_incarnation()) + ${silence}
    )) + case when not exists (select 1 from instances) or exists (
      select 1 from instances where id = ${claimer} and verified_incarnation = eg_incarnation()
    ) then 0 else 1 end)`;
}

/** Whose last sign of life is older than this has missed some. */
export const lately = sql<number>`eg_now() - ${sql.lit(SILENCE / 2)}`;

/** Whether the last sign of life of an instance that is known is from a while ago. */
export function isSilent(claimer: string): RawBuilder<boolean | number> {
  return sql`exists (select 1 from instances where id = ${claimer} and heartbeat_at < ${lately})`;
}

/** A claim is a sign of life: after a standstill it would otherwise be overtaken at once. */
export async function noteSignOfLife({ queries }: Transaction, claimer: string): Promise<void> {
  await queries
    .updateTable("instances")
    .set({ heartbeat_at: egNow, steady_since: egNow })
    .where("id", "=", claimer)
    .where("heartbeat_at", "<", lately)
    .execute();
}
