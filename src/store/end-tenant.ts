import { sql } from "kysely";
import type { EndedConnections } from "../access/tenant-store.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { eraseReceivers } from "./security-event-receivers.ts";
import { WELL, type Transaction } from "./transaction.ts";

export async function closeTenant({ queries, dialect }: Transaction, id: string): Promise<string[]> {
  // Whoever changes it at this moment is waited for.
  await queries.selectFrom("tenants").select("id").where("id", "=", id).modifyEnd(dialect.forUpdate).execute();
  await queries
    .updateTable("tenants")
    .set({ closed_at: sql<number>`coalesce(closed_at, eg_now())` })
    .where("id", "=", id)
    .execute();
  const revoked = await queries
    .updateTable("api_keys")
    .set({ revoked_at: egNow })
    .where("tenant_id", "=", id)
    .where("revoked_at", "is", null)
    .returning("id")
    .execute();
  await deleteSessions(queries, id);
  await deleteEndpoints(queries, id);
  return revoked.map((row) => row.id);
}

/** Nothing that a tenant has is made any more once its deletion has begun. */
export async function isClosed(queries: Queries, id: string): Promise<boolean> {
  const closed = queries.selectFrom("tenants").select("id").where("id", "=", id).where("closed_at", "is not", null);
  return (await closed.executeTakeFirst()) !== undefined;
}

export async function endConnections(
  tx: Transaction,
  tenantId: string,
  { limit, after }: { limit: number; after: string | null },
): Promise<EndedConnections> {
  const found = await unended(tx.queries, tenantId)
    .$if(after !== null, (query) => query.where("id", ">", after ?? ""))
    .orderBy("id")
    .limit(limit)
    .execute();
  const ids = found.map((row) => row.id);
  if (ids.length > 0) await end(tx, ids);
  return { count: ids.length, last: ids.length < limit ? null : (ids.at(-1) ?? null) };
}

/** Of one that was disconnected before, the account and the history are still to be deleted. */
function unended(queries: Queries, tenantId: string) {
  return queries
    .selectFrom("connections")
    .select("id")
    .where("tenant_id", "=", tenantId)
    .where((where) =>
      where.or([
        where("status", "<>", "disconnected"),
        where("end_user", "is not", null),
        where("account_id", "is not", null),
        where("seed", "is not", null),
        where("labels", "<>", "{}"),
        where.exists(where.selectFrom("history").select("id").whereRef("connection_id", "=", "connections.id")),
      ]),
    );
}

/** As `disconnect` ends one: the row of its tokens stays without them, in the next generation. */
async function end({ queries, dialect }: Transaction, ids: string[]): Promise<void> {
  await queries
    .selectFrom("refresh_leases")
    .select("connection_id")
    .where("connection_id", "in", ids)
    .orderBy("connection_id")
    .modifyEnd(dialect.forUpdate)
    .execute();
  await queries
    .updateTable("connections")
    .set({ status: "disconnected", status_since: egNow, diagnosis: null, ...NOBODY })
    .where("id", "in", ids)
    .execute();
  await queries
    .updateTable("token_sets")
    .set((set) => ({ generation: set("generation", "+", 1), access_token: null, refresh_token: null }))
    .where("connection_id", "in", ids)
    .execute();
  await queries
    .updateTable("refresh_leases")
    .set({ ...WELL, due_at: null })
    .where("connection_id", "in", ids)
    .execute();
  for (const table of OF_CONNECTIONS) {
    await queries.deleteFrom(table).where("connection_id", "in", ids).execute();
  }
  await queries.deleteFrom("webhook_deliveries").where("subject", "in", ids).execute();
}

const OF_CONNECTIONS = [
  "virtual_refresh_tokens",
  "spare_token_sets",
  "history",
  "outbox",
  "incident_signals",
  "incident_members",
  "campaign_members",
  "token_reads",
] as const;

const NOBODY = {
  end_user: null,
  account_id: null,
  account_label: null,
  labels: "{}",
  seed: null,
  required_scopes: "[]",
  missing_scopes: "[]",
  claims: null,
};

export async function finishDeletion(queries: Queries, id: string): Promise<void> {
  await deleteSessions(queries, id);
  await deleteIncidents(queries, id);
  await queries.deleteFrom("security_events").where("tenant_id", "=", id).execute();
  await queries.deleteFrom("exports").where("tenant_id", "=", id).execute();
  await queries.deleteFrom("refresh_counts").where("tenant_id", "=", id).execute();
  const clients = await queries.selectFrom("clients").select("id").where("tenant_id", "=", id).execute();
  await eraseReceivers(
    queries,
    clients.map((row) => row.id),
  );
  await deleteEvents(queries, id);
  await queries.updateTable("clients").set({ public_url: null }).where("tenant_id", "=", id).execute();
  await queries
    .updateTable("tenants")
    .set({ deleted_at: sql<number>`coalesce(deleted_at, eg_now())` })
    .where("id", "=", id)
    .execute();
}

async function deleteSessions(queries: Queries, tenantId: string): Promise<void> {
  await queries.deleteFrom("connect_sessions").where("tenant_id", "=", tenantId).execute();
}

/** Its own alone: one that other tenants are in too is the operator's. */
async function deleteIncidents(queries: Queries, tenantId: string): Promise<void> {
  const own = queries.selectFrom("incidents").select("id").where("tenant_id", "=", tenantId);
  await queries.deleteFrom("incident_members").where("incident_id", "in", own).execute();
  await queries.deleteFrom("outbox").where("incident_id", "in", own).execute();
  await queries.deleteFrom("incidents").where("tenant_id", "=", tenantId).execute();
}

/** With their secrets and deliveries. */
async function deleteEndpoints(queries: Queries, tenantId: string): Promise<void> {
  await queries.deleteFrom("webhook_endpoints").where("tenant_id", "=", tenantId).execute();
}

/** Those of its clients and keys, which the operator's endpoints may have heard of. */
async function deleteEvents(queries: Queries, tenantId: string): Promise<void> {
  await deleteEndpoints(queries, tenantId);
  const events = queries.selectFrom("outbox").select("number").where("tenant_id", "=", tenantId);
  await queries.deleteFrom("webhook_deliveries").where("event_number", "in", events).execute();
  await queries.deleteFrom("outbox").where("tenant_id", "=", tenantId).execute();
}
