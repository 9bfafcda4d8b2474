import { DELIVERIES_KEPT } from "../event/webhook-delivery.ts";
import { fromNow } from "./client-secret-rows.ts";
import type { Queries } from "./database.ts";

const OVER = fromNow(-DELIVERIES_KEPT);

/**
 * Deletes up to `limit` rows of each table that have been of no use for long enough. A delivery that is still on its way keeps its
 * event, except that nothing waits longer than it would be kept.
 */
export async function pruneNotifications(queries: Queries, limit: number): Promise<number> {
  const deliveries = await queries
    .deleteFrom("webhook_deliveries")
    .where("number", "in", (old) =>
      old
        .selectFrom("webhook_deliveries")
        .select("number")
        .where((where) =>
          where.or([
            where("finished_at", "<", OVER),
            where.and([where("finished_at", "is", null), where("created_at", "<", OVER)]),
          ]),
        )
        .limit(limit),
    )
    .executeTakeFirstOrThrow();
  const mails = await queries
    .deleteFrom("mails")
    .where("number", "in", (old) =>
      old.selectFrom("mails").select("number").where("created_at", "<", OVER).limit(limit),
    )
    .executeTakeFirstOrThrow();
  const events = await queries
    .deleteFrom("outbox")
    .where("number", "in", (old) =>
      old.selectFrom("outbox").select("number").where("passed_on_at", "<", OVER).limit(limit),
    )
    .executeTakeFirstOrThrow();
  return Number(deliveries.numDeletedRows + mails.numDeletedRows + events.numDeletedRows);
}
