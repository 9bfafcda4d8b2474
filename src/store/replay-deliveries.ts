import type { Replay } from "../event/webhook-delivery.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { eventOf } from "./outbox-row.ts";
import { deliveryRow } from "./pass-on.ts";
import { eventsColumn } from "./webhook-endpoints.ts";

/** Rows of one statement. */
const ROWS_AT_ONCE = 500;

/** As if it was never sent. A claim that somebody holds of it stays: two would send it at the same time. */
const AFRESH = { state: "pending", attempts: 0, next_at: egNow, finished_at: null } as const;

export async function replayOne(queries: Queries, endpointId: string, id: string): Promise<boolean> {
  const { numUpdatedRows } = await queries
    .updateTable("webhook_deliveries")
    .set(AFRESH)
    .where("endpoint_id", "=", endpointId)
    .where("id", "=", id.replace(/^whd_/, ""))
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** `DeliveryStore.replaySince` says how. */
export async function replaySince(
  queries: Queries,
  replay: Replay,
): Promise<{ replayed: number; nextSince: number | null }> {
  const endpoint = await queries
    .selectFrom("webhook_endpoints")
    .select(["id", "tenant_id", "events", "all_tenants"])
    .where("id", "=", replay.endpointId)
    .executeTakeFirst();
  if (!endpoint) return { replayed: 0, nextSince: null };
  const { rows, nextSince } = await pieceOf(selectEvents(queries, replay, endpoint), replay.limit);
  const { id, tenant_id: tenantId } = endpoint;
  const taken = rows.map((row) => deliveryRow({ id, tenantId }, eventOf(row)));
  for (let start = 0; start < taken.length; start += ROWS_AT_ONCE) {
    await queries
      .insertInto("webhook_deliveries")
      .values(taken.slice(start, start + ROWS_AT_ONCE))
      .onConflict((conflict) => conflict.columns(["endpoint_id", "event_number"]).doUpdateSet(AFRESH))
      .execute();
  }
  return { replayed: taken.length, nextSince };
}

/** The next one begins with a millisecond, so no piece ends within one: its rest would be sent twice, or never come to an end. */
async function pieceOf(events: ReturnType<typeof selectEvents>, limit: number) {
  const rows = await events.limit(limit + 1).execute();
  const next = rows[limit]?.at ?? null;
  if (next === null) return { rows, nextSince: null };
  const before = rows.filter(({ at }) => at < next);
  if (before.length > 0) return { rows: before, nextSince: next };
  return { rows: await events.where("at", "=", next).execute(), nextSince: next + 1 };
}

interface EndpointRow {
  tenant_id: string;
  events: string | null;
  all_tenants: number;
}

function selectEvents(
  queries: Queries,
  { endpointId, since, until, onlyGivenUp }: Replay,
  { tenant_id: tenantId, events, all_tenants: allTenants }: EndpointRow,
) {
  return queries
    .selectFrom("outbox")
    .selectAll()
    .where("at", ">=", since)
    .where("passed_on_at", "is not", null)
    .$if(until !== null, (query) => query.where("at", "<", until ?? 0))
    .$if(allTenants !== 1, (query) => query.where("tenant_id", "=", tenantId))
    .$if(events !== null, (query) => query.where("type", "in", eventsColumn.read(events ?? "[]")))
    .$if(onlyGivenUp, (query) =>
      query.where("number", "in", (outbox) =>
        outbox
          .selectFrom("webhook_deliveries")
          .select("event_number")
          .where("endpoint_id", "=", endpointId)
          .where("state", "=", "given_up"),
      ),
    )
    .orderBy("at")
    .orderBy("number");
}
