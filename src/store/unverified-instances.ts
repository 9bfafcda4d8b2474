import { sql, type RawBuilder } from "kysely";
import { SILENCE } from "../refresh/instances.ts";

const silence = sql.lit(SILENCE);

/**
 * How many instances stand in the way of a claim by `claimer`, because they have not yet compared their journals with a database
 * that came back; `eg_incarnation()` is another one after each start of its server. These are:
 * - the claimer, while it is unverified or has been silent itself;
 * - whoever gives signs of life;
 * - whoever else is known, until as much time as makes an instance silent has passed since the first one verified: after a long
 *   outage all signs of life are old, and nobody can tell who lives.
 */
export function unverifiedInstances(claimer: string): RawBuilder<number> {
  return sql<number>`(select count(*) from instances where
    (id = ${claimer} and (verified_incarnation <> eg_incarnation() or heartbeat_at <= eg_now() - ${silence}))
    or (verified_incarnation <> eg_incarnation() and (
      heartbeat_at > eg_now() - ${silence}
      or eg_now() < (select min(verified_at) from instances where verified_incarnation = eg_incarnation()) + ${silence}
    )))`;
}
