import { sql, type Selectable } from "kysely";
import { z } from "zod";
import type { Actor } from "../access/audit.ts";
import type { Export, ExportStore, NewExport } from "../connect/export.ts";
import type { Database, Queries } from "./database.ts";
import { holdForExport } from "./export-hold.ts";
import { jsonColumn, stringList } from "./json-column.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";
import { inTransaction } from "./transaction.ts";

const recipientColumn = jsonColumn(z.object({ kty: z.literal("OKP"), crv: z.literal("X25519"), x: z.string() }));
const kindColumn = z.enum(["api_key", "operator_session", "operator", "user", "system"] satisfies Actor["kind"][]);
const decisionColumn = z.enum(["approved", "refused"]).nullable();

export function createExportStore(database: Database): ExportStore {
  const transact = inTransaction(database);
  return {
    create: (made, lifeMs) => database.write((queries) => create(queries, made, lifeMs)),
    find: (id) =>
      database.read(async (queries) => {
        const row = await queries.selectFrom("exports").selectAll().where("id", "=", id).executeTakeFirst();
        return row ? exportOf(row) : null;
      }),
    list: ({ tenantId, limit, before }) =>
      database.read(async (queries) => {
        const rows = queries.selectFrom("exports").selectAll();
        const own = rows.$if(tenantId !== null, (query) => query.where("tenant_id", "=", tenantId ?? ""));
        const page = own.$if(before !== null, (query) => query.where("id", "<", before ?? ""));
        return (await page.orderBy("id", "desc").limit(limit).execute()).map(exportOf);
      }),
    candidates: (query) => database.read((queries) => candidates(queries, query)),
    decide: (id, by, { decision, lifeMs }) =>
      database.write(async (queries) => {
        const { numUpdatedRows } = await open(queries, id)
          .set({ decision, decided_kind: by.kind, decided_by: by.id, decided_at: egNow, expires_at: later(lifeMs) })
          .where("decision", "is", null)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),
    hold: (exportId, ids) => transact((tx) => holdForExport(tx, exportId, ids)),
    markFetched: (id) =>
      database.write(async (queries) => {
        const approved = open(queries, id).set({ fetched_at: egNow }).where("decision", "=", "approved");
        return (await approved.executeTakeFirst()).numUpdatedRows > 0n;
      }),
  };
}

/** One that its deadline has not passed, and that was not fetched. */
function open(queries: Queries, id: string) {
  return queries
    .updateTable("exports")
    .where("id", "=", id)
    .where("fetched_at", "is", null)
    .where("expires_at", ">", egNow);
}

function later(lifeMs: number) {
  return sql<number>`eg_now() + cast(${lifeMs} as bigint)`;
}

async function create(queries: Queries, made: NewExport, lifeMs: number): Promise<void> {
  await queries
    .insertInto("exports")
    .values({
      id: made.id,
      tenant_id: made.tenantId,
      reason: made.reason,
      recipient: recipientColumn.write(made.recipient),
      fingerprint: made.fingerprint,
      connections: stringList.write(made.connectionIds),
      requested_kind: made.requestedBy.kind,
      requested_by: made.requestedBy.id,
      requested_at: egNow,
      expires_at: later(lifeMs),
    })
    .execute();
}

type Candidates = Parameters<ExportStore["candidates"]>[0];

/** A token set that is bound to a key of ours is of no use elsewhere. */
async function candidates(queries: Queries, { tenantId, clientId, ids, limit }: Candidates): Promise<string[]> {
  const rows = await queries
    .selectFrom("connections")
    .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
    .select("connections.id")
    .where("tenant_id", "=", tenantId)
    .where("status", "in", ["active", "degraded"])
    .where("refresh_token", "is not", null)
    .where("dpop_key", "is", null)
    .$if(clientId !== null, (query) => query.where("client_id", "=", clientId ?? ""))
    .$if(ids !== null, (query) => query.where("connections.id", "in", ids ?? []))
    .orderBy("connections.id")
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

function exportOf(row: Selectable<Schema["exports"]>): Export {
  const decidedKind = kindColumn.nullable().parse(row.decided_kind);
  return {
    id: row.id,
    tenantId: row.tenant_id,
    reason: row.reason,
    recipient: recipientColumn.read(row.recipient),
    fingerprint: row.fingerprint,
    connectionIds: stringList.read(row.connections),
    requestedBy: { kind: kindColumn.parse(row.requested_kind), id: row.requested_by },
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    decision: decisionColumn.parse(row.decision),
    decidedBy: decidedKind && { kind: decidedKind, id: row.decided_by },
    decidedAt: row.decided_at,
    fetchedAt: row.fetched_at,
  };
}
