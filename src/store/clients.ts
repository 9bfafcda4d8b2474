import { z } from "zod";
import type { Selectable } from "kysely";
import type { Client, ClientQuery, ClientStore, Deletion, ScopesChange } from "../client/client.ts";
import { AUTHENTICATION_METHODS } from "../oauth/client-authentication.ts";
import { endSuspension, eraseAll, insertFirst } from "./client-secret-changes.ts";
import { createClientSecretStore, lockClient } from "./client-secrets.ts";
import { addDpopKey, eraseDpopKeys, findDpopKey } from "./dpop-keys.ts";
import type { Database, Queries } from "./database.ts";
import { jsonColumn, stringList } from "./json-column.ts";
import { egNow } from "./now.ts";
import { announceClient } from "./outbox.ts";
import type { Schema } from "./schema.ts";
import { eraseReceivers } from "./security-event-receivers.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

const settingsColumn = jsonColumn(
  z.object({
    returnUrls: z.array(z.string()),
    offlineAccess: z.boolean(),
    prove: z.boolean(),
    authorizationParameters: z.record(z.string(), z.string()),
    // Absent in what earlier versions wrote.
    providerParameters: z.record(z.string(), z.string()).default({}),
    testing: z.boolean().default(false),
    assertionAudience: z.string().nullable().default(null),
    requiredScopes: z.array(z.string()).default([]),
    proxyHosts: z.array(z.string()).default([]),
  }),
);
const authenticationColumn = z.enum(AUTHENTICATION_METHODS);
const suspendedCause = z.enum(["client_secret_rejected", "client_disabled"]);

export function createClientStore(database: Database): ClientStore {
  const within = inTransaction(database);
  return {
    ...createClientSecretStore(database),

    create: (client, secret, dpopKey = null) =>
      database.write(async (queries) => {
        await queries
          .insertInto("clients")
          .values({
            id: client.id,
            tenant_id: client.tenantId,
            provider_id: client.providerId,
            client_id: client.clientId,
            authentication: client.authentication,
            scopes: stringList.write(client.scopes),
            ...settingsColumns(client.settings),
            public_url: client.publicUrl,
            created_at: egNow,
            dpop_key: dpopKey?.thumbprint ?? null,
          })
          .execute();
        if (dpopKey) await addDpopKey(queries, client.id, dpopKey);
        if (secret) await insertFirst(queries, client.id, secret);
      }),

    find: (id) =>
      database.read(async (queries) => {
        const row = await selectClients(queries).where("clients.id", "=", id).executeTakeFirst();
        return row ? clientOf(row) : null;
      }),

    list: (query) => database.read(async (queries) => (await list(queries, query)).map(clientOf)),

    dpopKey: (thumbprint) => database.read((queries) => findDpopKey(queries, thumbprint)),

    change: (id, { scopes, settings, dpopKey, scopesChange }) =>
      database.write(async (queries) => {
        const set = {
          ...(scopes && { scopes: stringList.write(scopes) }),
          ...(settings && settingsColumns(settings)),
          ...(scopesChange !== undefined && { scopes_change: scopesChange, scopes_looked_to: null }),
          ...(dpopKey !== undefined && { dpop_key: dpopKey?.thumbprint ?? null }),
        };
        if (dpopKey) await addDpopKey(queries, id, dpopKey);
        if (Object.keys(set).length > 0) await queries.updateTable("clients").set(set).where("id", "=", id).execute();
      }),

    scopesChanges: (limit) => database.read((queries) => scopesChanges(queries, limit)),
    noteScopesChange: (change) => database.write((queries) => noteScopesChange(queries, change)),

    remove: (id) => within((tx) => remove(tx, id)),

    suspend: (id, { cause, code, probeAt }) =>
      database.write(async (queries) => {
        const first = await queries
          .updateTable("clients")
          .set({ suspended_cause: cause, suspended_code: code, suspended_since: egNow, probe_at: probeAt })
          .where("id", "=", id)
          .where("suspended_since", "is", null)
          .returning("tenant_id")
          .executeTakeFirst();
        if (first)
          await announceClient(queries, "client.suspended", { id, tenantId: first.tenant_id, detail: { cause, code } });
        return first !== undefined;
      }),

    claimProbe: (id, nextProbeAt) =>
      database.write(async (queries) => {
        const claimed = await queries
          .updateTable("clients")
          .set({ probe_at: nextProbeAt })
          .where("id", "=", id)
          .where("probe_at", "<=", egNow)
          .executeTakeFirst();
        return claimed.numUpdatedRows > 0n;
      }),

    learnLife: (id, milliseconds) =>
      database.write(async (queries) => {
        const learned = { learned_life: milliseconds, learned_life_at: egNow };
        await queries.updateTable("clients").set(learned).where("id", "=", id).execute();
      }),

    resume: (id) => database.write((queries) => endSuspension(queries, id)),
  };
}

function list(queries: Queries, { tenantId, after, limit, providerId }: ClientQuery) {
  const clients = selectClients(queries)
    .where("tenant_id", "=", tenantId)
    .$if(after !== null, (query) => query.where("clients.id", ">", after))
    .$if(providerId !== null, (query) => query.where("provider_id", "=", providerId));
  return clients.orderBy("clients.id").limit(limit).execute();
}

function selectClients(queries: Queries) {
  return queries
    .selectFrom("clients")
    .innerJoin("tenants", "tenants.id", "clients.tenant_id")
    .selectAll("clients")
    .select("tenants.public_url as tenant_url")
    .where("clients.deleted_at", "is", null);
}

/** How often connections are proven is asked of the database, so it has a column of its own. */
function settingsColumns({ probeEveryDays, ...settings }: Client["settings"]) {
  return { settings: settingsColumn.write(settings), probe_every_days: probeEveryDays };
}

async function scopesChanges(queries: Queries, limit: number): Promise<ScopesChange[]> {
  const rows = await queries
    .selectFrom("clients")
    .select(["id", "scopes_change", "scopes_looked_to"])
    .where("scopes_change", "is not", null)
    .where("deleted_at", "is", null)
    // Their names say when they were made.
    .orderBy("scopes_change")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ clientId: row.id, change: row.scopes_change ?? "", lookedTo: row.scopes_looked_to }));
}

async function noteScopesChange(queries: Queries, { clientId, change, lookedTo }: ScopesChange): Promise<void> {
  await queries
    .updateTable("clients")
    .set({ scopes_looked_to: lookedTo, ...(lookedTo === null && { scopes_change: null }) })
    .where("id", "=", clientId)
    .where("scopes_change", "=", change)
    .execute();
}

/** A connection that is about to be stored for it holds the client's row, and is waited for. */
async function remove(tx: Transaction, id: string): Promise<Deletion> {
  await lockClient(tx, id);
  const { queries } = tx;
  const { connections } = await queries
    .selectFrom("connections")
    .select((eb) => eb.fn.countAll<number>().as("connections"))
    .where("client_id", "=", id)
    .where("status", "!=", "disconnected")
    .executeTakeFirstOrThrow();
  if (connections > 0) return { kind: "in_use", connections };
  const deleted = await queries
    .updateTable("clients")
    .set({ deleted_at: egNow })
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  await eraseAll(queries, id);
  await eraseDpopKeys(queries, id);
  await eraseReceivers(queries, [id]);
  return { kind: deleted.numUpdatedRows > 0n ? "deleted" : "unknown" };
}

function clientOf(row: Selectable<Schema["clients"]> & { tenant_url: string | null }): Client {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    providerId: row.provider_id,
    clientId: row.client_id,
    authentication: authenticationColumn.parse(row.authentication),
    scopes: stringList.read(row.scopes),
    settings: { ...settingsColumn.read(row.settings), probeEveryDays: row.probe_every_days },
    publicUrl: row.public_url ?? row.tenant_url,
    suspension:
      row.suspended_since === null
        ? null
        : {
            cause: suspendedCause.parse(row.suspended_cause),
            code: row.suspended_code ?? "",
            since: row.suspended_since,
            probeAt: row.probe_at ?? 0,
          },
    learnedLife: row.learned_life === null ? null : { milliseconds: row.learned_life, at: row.learned_life_at ?? 0 },
    dpopKey: row.dpop_key,
    createdAt: row.created_at,
  };
}
