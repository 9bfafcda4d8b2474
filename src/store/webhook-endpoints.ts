import { z } from "zod";
import type { Selectable } from "kysely";
import { EVENT_TYPES } from "../event/event.ts";
import {
  DISABLED_REASONS,
  MOST_SECRETS,
  type EndpointChange,
  type NewWebhookSecret,
  type WebhookEndpoint,
  type WebhookSecret,
  type WebhookStore,
} from "../event/webhook-endpoint.ts";
import { fromNow } from "./client-secret-rows.ts";
import type { Database, Queries } from "./database.ts";
import { jsonColumn } from "./json-column.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

export const eventsColumn = jsonColumn(z.array(z.enum(EVENT_TYPES)));
const reasonColumn = z.enum(DISABLED_REASONS).nullable();

/** Columns of one that never failed. */
const WELL = { disabled_reason: null, disabled_at: null, failing_since: null, warned_at: null } as const;

export function createWebhookStore(database: Database): WebhookStore {
  const within = inTransaction(database);
  return {
    create: (endpoint, secret) =>
      database.write(async (queries) => {
        const { id, tenantId, url, events, description, allTenants } = endpoint;
        await queries
          .insertInto("webhook_endpoints")
          .values({
            id,
            tenant_id: tenantId,
            url,
            events: events && eventsColumn.write(events),
            description,
            all_tenants: Number(allTenants),
            created_at: egNow,
          })
          .execute();
        await insertSecret(queries, { tenantId, endpointId: id }, secret);
      }),
    find: (id) =>
      database.read(async (queries) => {
        const row = await queries.selectFrom("webhook_endpoints").selectAll().where("id", "=", id).executeTakeFirst();
        return row ? endpointOf(row) : null;
      }),
    list: (tenantId) =>
      database.read(async (queries) => {
        const rows = queries.selectFrom("webhook_endpoints").selectAll().where("tenant_id", "=", tenantId);
        return (await rows.orderBy("id").execute()).map(endpointOf);
      }),
    change: (id, change) =>
      database.write(async (queries) => {
        const set = columnsOf(change);
        if (Object.keys(set).length === 0) return;
        await queries.updateTable("webhook_endpoints").set(set).where("id", "=", id).execute();
      }),
    remove: (id) =>
      database.write(async (queries) => {
        await queries.deleteFrom("webhook_endpoints").where("id", "=", id).execute();
      }),
    secrets: (endpointId) => database.read((queries) => liveSecrets(queries, endpointId)),
    addSecret: (endpointId, secret, overlapMs) => within((tx) => addSecret(tx, { endpointId, secret, overlapMs })),
    retireSecret: (endpointId, id) => within((tx) => retireSecret(tx, endpointId, id)),
    eraseRetired: () =>
      database.write(async (queries) => {
        await queries.deleteFrom("webhook_secrets").where("retires_at", "<=", egNow).execute();
      }),
  };
}

function columnsOf({ url, events, description, allTenants, status }: EndpointChange) {
  return {
    // Another address has failed at nothing yet.
    ...(url !== undefined && { url, failing_since: null, warned_at: null }),
    ...(events !== undefined && { events: events && eventsColumn.write(events) }),
    ...(description !== undefined && { description }),
    ...(allTenants !== undefined && { all_tenants: Number(allTenants) }),
    ...(status === "enabled" && WELL),
    ...(status === "disabled" && { disabled_reason: "by_request", disabled_at: egNow }),
  };
}

async function insertSecret(
  queries: Queries,
  { tenantId, endpointId }: { tenantId: string; endpointId: string },
  { id, sealed }: NewWebhookSecret,
): Promise<void> {
  await queries
    .insertInto("webhook_secrets")
    .values({ id, tenant_id: tenantId, endpoint_id: endpointId, sealed, created_at: egNow })
    .execute();
}

async function liveSecrets(queries: Queries, endpointId: string): Promise<WebhookSecret[]> {
  const rows = await queries
    .selectFrom("webhook_secrets")
    .selectAll()
    .where("endpoint_id", "=", endpointId)
    .where((where) => where.or([where("retires_at", "is", null), where("retires_at", ">", egNow)]))
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .execute();
  return rows.map(secretOf);
}

/** Two at once would leave two newest ones. */
async function lockEndpoint({ queries, dialect }: Transaction, id: string) {
  return queries
    .selectFrom("webhook_endpoints")
    .select("tenant_id")
    .where("id", "=", id)
    .modifyEnd(dialect.forUpdate)
    .executeTakeFirstOrThrow();
}

async function addSecret(
  tx: Transaction,
  { endpointId, secret, overlapMs }: { endpointId: string; secret: NewWebhookSecret; overlapMs: number },
): Promise<"added" | "full"> {
  const { queries } = tx;
  const { tenant_id: tenantId } = await lockEndpoint(tx, endpointId);
  if ((await liveSecrets(queries, endpointId)).length >= MOST_SECRETS) return "full";
  await queries
    .updateTable("webhook_secrets")
    .set({ retires_at: fromNow(overlapMs) })
    .where("endpoint_id", "=", endpointId)
    .where((where) => where.or([where("retires_at", "is", null), where("retires_at", ">", fromNow(overlapMs))]))
    .execute();
  await insertSecret(queries, { tenantId, endpointId }, secret);
  return "added";
}

async function retireSecret(
  tx: Transaction,
  endpointId: string,
  id: string,
): Promise<"retired" | "newest" | "unknown"> {
  await lockEndpoint(tx, endpointId);
  const found = (await liveSecrets(tx.queries, endpointId)).find((secret) => secret.id === id);
  if (!found) return "unknown";
  if (found.retiresAt === null) return "newest";
  await tx.queries.deleteFrom("webhook_secrets").where("id", "=", id).execute();
  return "retired";
}

function endpointOf(row: Selectable<Schema["webhook_endpoints"]>): WebhookEndpoint {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    url: row.url,
    events: row.events === null ? null : eventsColumn.read(row.events),
    description: row.description,
    allTenants: row.all_tenants === 1,
    disabledReason: reasonColumn.parse(row.disabled_reason),
    disabledAt: row.disabled_at,
    failingSince: row.failing_since,
    warnedAt: row.warned_at,
    lastSuccessAt: row.last_success_at,
    createdAt: row.created_at,
  };
}

function secretOf(row: Selectable<Schema["webhook_secrets"]>): WebhookSecret {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    endpointId: row.endpoint_id,
    sealed: row.sealed,
    createdAt: row.created_at,
    retiresAt: row.retires_at,
  };
}
