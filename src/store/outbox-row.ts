import type { Selectable } from "kysely";
import { z } from "zod";
import { EVENT_TYPES, type OutboxEvent } from "../event/event.ts";
import { detailColumn } from "./connection-row.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";

export const typeColumn = z.enum(EVENT_TYPES);

/** The oldest ones that were not passed on yet and are not held. */
export function selectPending(queries: Queries, limit: number) {
  return queries
    .selectFrom("outbox")
    .selectAll()
    .where("passed_on_at", "is", null)
    .where("held_until", "<=", egNow)
    .orderBy("number")
    .limit(limit);
}

export function eventOf(row: Selectable<Schema["outbox"]>): OutboxEvent {
  return {
    id: `evt_${row.id}`,
    number: row.number,
    at: row.at,
    type: typeColumn.parse(row.type),
    tenantId: row.tenant_id,
    connectionId: row.connection_id,
    clientId: row.client_id,
    incidentId: row.incident_id,
    detail: detailColumn.read(row.detail),
  };
}
