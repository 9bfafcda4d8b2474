import type { OutboxEvent } from "../event/event.ts";
import { isMailedAtOnce } from "../event/mail.ts";
import { hears } from "../event/webhook-endpoint.ts";
import { DEFAULT_TENANT } from "../access/store.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { eventOf, selectPending } from "./outbox-row.ts";
import type { Transaction } from "./transaction.ts";
import { eventsColumn } from "./webhook-endpoints.ts";

/** Rows of one insertion: databases limit the values of a statement. */
const ROWS_AT_ONCE = 500;

/** `OutboxStore.passOn` says how. Other instances pass on other events meanwhile, but none of the same connection. */
export async function passOn(
  { queries, dialect }: Transaction,
  limit: number,
  mailOperators: boolean,
): Promise<number> {
  const rows = await inTurn(selectPending(queries, limit)).modifyEnd(dialect.skipLocked).execute();
  const events = rows.map(eventOf);
  if (events.length === 0) return 0;
  await deliver(queries, events);
  await queries
    .updateTable("outbox")
    .set({ passed_on_at: egNow })
    .where(
      "number",
      "in",
      events.map(({ number }) => number),
    )
    .execute();
  if (mailOperators) for (const event of events) await mailAtOnce(queries, event);
  return events.length;
}

/**
 * Without those of connections of which something earlier still waits here, because it is held or another instance passes it on at
 * this moment: what they tell would arrive in the wrong order.
 */
function inTurn(pending: ReturnType<typeof selectPending>) {
  return pending.where((where) => {
    const before = where
      .selectFrom("outbox as before")
      .select("before.number")
      .whereRef("before.connection_id", "=", "outbox.connection_id")
      .whereRef("before.number", "<", "outbox.number")
      .where("before.passed_on_at", "is", null);
    return where.not(where.exists(before));
  });
}

async function deliver(queries: Queries, events: readonly OutboxEvent[]): Promise<void> {
  const endpoints = await enabledEndpoints(queries, [...new Set(events.map(({ tenantId }) => tenantId))]);
  const deliveries = events.flatMap((event) =>
    endpoints.filter((endpoint) => hears(endpoint, event)).map((endpoint) => deliveryRow(endpoint, event)),
  );
  for (let start = 0; start < deliveries.length; start += ROWS_AT_ONCE) {
    await queries
      .insertInto("webhook_deliveries")
      .values(deliveries.slice(start, start + ROWS_AT_ONCE))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

async function enabledEndpoints(queries: Queries, tenantIds: readonly string[]) {
  const rows = await queries
    .selectFrom("webhook_endpoints")
    .select(["id", "tenant_id", "events", "all_tenants"])
    .where("disabled_reason", "is", null)
    .where((where) => where.or([where("tenant_id", "in", tenantIds), where("all_tenants", "=", 1)]))
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    tenantId: row.tenant_id,
    allTenants: row.all_tenants === 1,
    events: row.events === null ? null : eventsColumn.read(row.events),
  }));
}

/** One that is due at once. */
export function deliveryRow({ id, tenantId }: { id: string; tenantId: string }, event: OutboxEvent) {
  return {
    endpoint_id: id,
    tenant_id: tenantId,
    event_number: event.number,
    event_id: event.id,
    type: event.type,
    subject: event.connectionId ?? event.incidentId ?? event.clientId,
    created_at: egNow,
  };
}

async function mailAtOnce(queries: Queries, event: OutboxEvent): Promise<void> {
  if (!isMailedAtOnce(event)) return;
  const mail = await queries
    .insertInto("mails")
    .values({ tenant_id: DEFAULT_TENANT, kind: "event", created_at: egNow })
    .returning("number")
    .executeTakeFirstOrThrow();
  await queries.updateTable("outbox").set({ mail_number: mail.number }).where("number", "=", event.number).execute();
}
