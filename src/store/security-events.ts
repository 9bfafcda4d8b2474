import type { Selectable } from "kysely";
import { z } from "zod";
import {
  VERDICTS,
  type Application,
  type NewSecurityEvent,
  type SecurityEvent,
  type SecurityEventQuery,
  type SecurityEventStore,
  type Taken,
  type Verdict,
} from "../security-event/store.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { Database, Queries } from "./database.ts";
import { isClosed } from "./end-tenant.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";
import { applyEffect } from "./security-event-effects.ts";
import { connectionsOf } from "./security-event-subjects.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

const verdictColumn = z.enum(VERDICTS);

export function createSecurityEventStore(database: Database): SecurityEventStore {
  const transact = inTransaction(database);
  return {
    take: (event, application) => transact((tx) => take(tx, event, application)),
    list: (query) => database.read(async (queries) => (await list(queries, query)).map(eventOf)),
    prune: (before) =>
      database.write(async (queries) => {
        await queries.deleteFrom("security_events").where("received_at", "<", before).execute();
      }),
  };
}

async function take(tx: Transaction, event: NewSecurityEvent, application: Application): Promise<Taken> {
  const { queries } = tx;
  if (await isClosed(queries, event.tenantId)) throw new ServiceError("not_found", "This is being deleted.");
  // First, so that of two who bring the same event one waits here for the other.
  if (!(await insert(queries, event))) return { kind: "repeated" };
  const { effect } = application;
  const isOfNobody = effect.kind === "none" || event.subject === null;
  const connectionIds = isOfNobody ? [] : await connectionsOf(queries, event, application.reach);
  await applyEffect(tx, event, effect, connectionIds);
  const verdict = verdictOn(application, connectionIds.length);
  await queries
    .updateTable("security_events")
    .set({ verdict, connections: connectionIds.length })
    .where("id", "=", event.id)
    .execute();
  return { kind: "taken", verdict, connectionIds };
}

function verdictOn({ effect, isKnown }: Application, connections: number): Verdict {
  if (!isKnown) return "unknown_type";
  if (effect.kind === "none") return "ignored";
  return connections === 0 ? "unknown_subject" : "applied";
}

/** False when it was taken before. */
async function insert(queries: Queries, event: NewSecurityEvent): Promise<boolean> {
  const inserted = await queries
    .insertInto("security_events")
    .values({
      id: event.id,
      tenant_id: event.tenantId,
      client_id: event.clientId,
      issuer: event.issuer,
      jti: event.jti,
      type: event.type,
      subject: event.subject?.format ?? null,
      issued_at: event.issuedAt,
      received_at: egNow,
      verdict: "ignored",
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows !== 0n;
}

function list(queries: Queries, { tenantId, limit, before, clientId }: SecurityEventQuery) {
  return queries
    .selectFrom("security_events")
    .selectAll()
    .where("tenant_id", "=", tenantId)
    .$if(before !== null, (select) => select.where("id", "<", before ?? ""))
    .$if(clientId !== null, (select) => select.where("client_id", "=", clientId ?? ""))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}

function eventOf(row: Selectable<Schema["security_events"]>): SecurityEvent {
  return {
    id: row.id,
    clientId: row.client_id,
    issuer: row.issuer,
    jti: row.jti,
    type: row.type,
    subjectFormat: row.subject,
    issuedAt: row.issued_at,
    receivedAt: row.received_at,
    verdict: verdictColumn.parse(row.verdict),
    connections: row.connections,
  };
}
