import { sql, type Selectable } from "kysely";
import { z } from "zod";
import {
  DELIVERY_CODES,
  DELIVERY_LEASE,
  DELIVERY_STATES,
  type ClaimedDelivery,
  type DeliveryClaim,
  type DeliveryQuery,
  type DeliveryStore,
  type WebhookDelivery,
} from "../event/webhook-delivery.ts";
import type { Database, Queries } from "./database.ts";
import { noteDelivery } from "./note-delivery.ts";
import { egNow } from "./now.ts";
import { eventOf, typeColumn } from "./outbox-row.ts";
import { pruneNotifications } from "./prune-notifications.ts";
import { replayOne, replaySince } from "./replay-deliveries.ts";
import type { Schema } from "./schema.ts";

const stateColumn = z.enum(DELIVERY_STATES);
const codeColumn = z.enum(DELIVERY_CODES).nullable();

export function createDeliveryStore(database: Database): DeliveryStore {
  return {
    claim: (wanted) => database.write((queries) => claim(queries, wanted)),
    event: (number) =>
      database.read(async (queries) => {
        const row = await queries.selectFrom("outbox").selectAll().where("number", "=", number).executeTakeFirst();
        return row ? eventOf(row) : null;
      }),
    note: (delivery, end) => database.write((queries) => noteDelivery(queries, delivery, end)),
    list: (query) => database.read(async (queries) => (await list(queries, query)).map(deliveryOf)),
    replay: (endpointId, id) => database.write((queries) => replayOne(queries, endpointId, id)),
    replaySince: (replay) => database.write((queries) => replaySince(queries, replay)),
    waiting: () => database.read(waiting),
    prune: (limit) => database.write((queries) => pruneNotifications(queries, limit)),
  };
}

/** Seen at once, so that a long line at one endpoint is not sorted again and again. */
const WINDOW = 500;

async function claim(
  queries: Queries,
  { limit, perEndpoint, exceptEndpoints }: DeliveryClaim,
): Promise<ClaimedDelivery[]> {
  const except = exceptEndpoints.length === 0 ? sql`` : sql`and endpoint_id not in (${sql.join(exceptEndpoints)})`;
  const { rows } = await sql<Claimed>`
    update webhook_deliveries set claimed_until = eg_now() + ${sql.lit(DELIVERY_LEASE)}, attempts = attempts + 1
    where number in (
      select number from (
        select number, row_number() over (partition by endpoint_id order by next_at, number) as place from (
          select number, endpoint_id, next_at from webhook_deliveries as due
          where state = 'pending' and next_at <= eg_now() and claimed_until <= eg_now() ${except}
          and exists (select 1 from webhook_endpoints as endpoint
            where endpoint.id = due.endpoint_id and endpoint.disabled_reason is null)
          and not exists (select 1 from webhook_deliveries as before
            where before.state = 'pending' and before.endpoint_id = due.endpoint_id and before.subject = due.subject
            and before.event_number < due.event_number)
          order by next_at, number limit ${sql.lit(WINDOW)}
        ) as seen
      ) as placed where place <= ${sql.lit(perEndpoint)} order by place, number limit ${sql.lit(limit)}
    ) and state = 'pending' and claimed_until <= eg_now()
    returning id, endpoint_id, event_id, event_number, type, attempts`.execute(queries);
  return rows.map((row) => ({
    id: `whd_${row.id}`,
    endpointId: row.endpoint_id,
    eventId: row.event_id,
    eventNumber: row.event_number,
    type: typeColumn.parse(row.type),
    attempt: row.attempts,
  }));
}

interface Claimed {
  id: string;
  endpoint_id: string;
  event_id: string;
  event_number: number;
  type: string;
  attempts: number;
}

function list(queries: Queries, { endpointId, limit, before, state }: DeliveryQuery) {
  return queries
    .selectFrom("webhook_deliveries")
    .selectAll()
    .where("endpoint_id", "=", endpointId)
    .$if(state !== null, (query) => query.where("state", "=", state ?? ""))
    .$if(before !== null, (query) =>
      query.where("number", "<", (inner) =>
        inner
          .selectFrom("webhook_deliveries as last")
          .select("last.number")
          .where("last.id", "=", (before ?? "").replace(/^whd_/, ""))
          .where("last.endpoint_id", "=", endpointId),
      ),
    )
    .orderBy("number", "desc")
    .limit(limit)
    .execute();
}

async function waiting(queries: Queries): Promise<{ count: number; oldestMs: number }> {
  const { count, oldest, now } = await queries
    .selectFrom("webhook_deliveries")
    .select((select) => [
      select.fn.countAll<number>().as("count"),
      select.fn.min<number | null>("created_at").as("oldest"),
      egNow.as("now"),
    ])
    .where("state", "=", "pending")
    .executeTakeFirstOrThrow();
  return { count, oldestMs: oldest === null ? 0 : now - oldest };
}

function deliveryOf(row: Selectable<Schema["webhook_deliveries"]>): WebhookDelivery {
  const state = stateColumn.parse(row.state);
  return {
    id: `whd_${row.id}`,
    endpointId: row.endpoint_id,
    eventId: row.event_id,
    type: typeColumn.parse(row.type),
    state,
    attempts: row.attempts,
    nextAt: state === "pending" ? row.next_at : null,
    lastAt: row.last_at,
    lastStatus: row.last_status,
    lastCode: codeColumn.parse(row.last_code),
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}
