import { sql } from "kysely";
import type { HistoryDetail, NewHistoryEntry } from "../connection/history.ts";
import { eventTypeOf, holdOf, type EventType, type NewEvent } from "../event/event.ts";
import type { OutboxStore } from "../event/outbox.ts";
import { detailColumn } from "./connection-row.ts";
import type { Database, Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { eventOf, selectPending } from "./outbox-row.ts";
import { passOn } from "./pass-on.ts";
import { inTransaction } from "./transaction.ts";

export function createOutboxStore(database: Database): OutboxStore {
  const within = inTransaction(database);
  return {
    pending: (limit) => database.read(async (queries) => (await selectPending(queries, limit).execute()).map(eventOf)),
    newest: () =>
      database.read(async (queries) => {
        const { newest } = await queries
          .selectFrom("outbox")
          .select((select) => select.fn.max<number | null>("number").as("newest"))
          .executeTakeFirstOrThrow();
        return newest ?? 0;
      }),
    since: (number, limit) =>
      database.read(async (queries) => {
        const rows = queries.selectFrom("outbox").selectAll().where("number", ">", number);
        return (await rows.orderBy("number", "desc").limit(limit).execute()).map(eventOf).toReversed();
      }),
    passOn: (limit, mailOperators) => within((tx) => passOn(tx, limit, mailOperators)),
  };
}

/** Puts an event into the outbox, in the transaction of the change that it tells. */
export async function announce(queries: Queries, event: NewEvent): Promise<void> {
  await queries
    .insertInto("outbox")
    .values({
      at: egNow,
      held_until: sql<number>`eg_now() + ${holdOf(event.type)}`,
      type: event.type,
      tenant_id: event.tenantId,
      connection_id: event.connectionId,
      client_id: event.clientId,
      incident_id: event.incidentId,
      detail: detailColumn.write(event.detail),
    })
    .execute();
}

/** An event that is about a client alone. */
export function announceClient(
  queries: Queries,
  type: EventType,
  { id, tenantId, detail }: { id: string; tenantId: string; detail: HistoryDetail },
): Promise<void> {
  return announce(queries, { type, tenantId, connectionId: null, clientId: id, incidentId: null, detail });
}

/** What is told of the entries of connections, if anything is. */
export async function announceHistory(
  queries: Queries,
  entries: readonly { connectionId: string; entry: NewHistoryEntry }[],
): Promise<void> {
  for (const { connectionId, entry } of entries) {
    const type = eventTypeOf(entry);
    if (type === null) continue;
    const isUntold = STATES.has(type) && (await takeBack(queries, connectionId));
    // Nobody was told that it was not well.
    if (type === "connection.recovered" && isUntold && !isUnwell(await lastTold(queries, connectionId))) continue;
    // It was ended, tried once more, and ended again: whoever was asked then still is.
    if (type === ENDED && (await lastTold(queries, connectionId)) === ENDED) continue;
    await announceOf(queries, connectionId, { type, detail: withoutNames(entry.detail) });
  }
}

export const ENDED = "connection.reauthorization_required";
/** What says that a connection is not well. */
export const UNWELL: readonly EventType[] = ["connection.degraded", ENDED];
/** Each says how a connection is, and makes what was said before old. */
const STATES = new Set<EventType>([...UNWELL, "connection.recovered", "connection.disconnected"]);

/** Takes back what is still held of how the connection was; was there anything? */
async function takeBack(queries: Queries, connectionId: string): Promise<boolean> {
  const { numDeletedRows } = await queries
    .deleteFrom("outbox")
    .where("connection_id", "=", connectionId)
    .where("passed_on_at", "is", null)
    .where("type", "in", UNWELL)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

async function lastTold(queries: Queries, connectionId: string): Promise<string | undefined> {
  const told = await queries
    .selectFrom("outbox")
    .select("type")
    .where("connection_id", "=", connectionId)
    .where("type", "in", [...STATES])
    .orderBy("number", "desc")
    .limit(1)
    .executeTakeFirst();
  return told?.type;
}

function isUnwell(told: string | undefined): boolean {
  return UNWELL.some((type) => type === told);
}

async function announceOf(
  queries: Queries,
  connectionId: string,
  { type, detail }: Pick<NewEvent, "type" | "detail">,
): Promise<void> {
  const until = sql<number>`eg_now() + ${sql.lit(holdOf(type))}`;
  await queries
    .insertInto("outbox")
    .columns(["at", "held_until", "type", "tenant_id", "connection_id", "client_id", "incident_id", "detail"])
    .expression((select) =>
      select
        .selectFrom("connections")
        .select([
          egNow.as("at"),
          until.as("until"),
          sql.lit(type).as("type"),
          "tenant_id",
          "id",
          "client_id",
          openIncidentOf(queries, connectionId).as("incident"),
          sql<string>`${detailColumn.write(detail)}`.as("detail"),
        ])
        .where("id", "=", connectionId),
    )
    .execute();
}

/** The open one that the connection is in, if it is in one. */
function openIncidentOf(queries: Queries, connectionId: string) {
  return queries
    .selectFrom("incident_members")
    .innerJoin("incidents", "incidents.id", "incident_members.incident_id")
    .select("incident_members.incident_id")
    .where("incident_members.connection_id", "=", connectionId)
    .where("recovered_at", "is", null)
    .where("resolved_at", "is", null)
    .limit(1);
}

/** Who a connection belongs to is asked when the event is sent, and does not stand in the outbox. */
function withoutNames(detail: HistoryDetail): HistoryDetail {
  return Object.fromEntries(Object.entries(detail).filter(([name]) => name !== "account"));
}
