import { z } from "zod";
import type { Selectable } from "kysely";
import type { Client, ClientSecret, ClientStore, SecretState } from "../client/client.ts";
import { AUTHENTICATION_METHODS } from "../oauth/client-authentication.ts";
import type { Database, Queries } from "./database.ts";
import { jsonColumn, stringList } from "./json-column.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";

const settingsColumn = jsonColumn(
  z.object({
    returnUrls: z.array(z.string()),
    offlineAccess: z.boolean(),
    prove: z.boolean(),
    authorizationParameters: z.record(z.string(), z.string()),
    // Absent in what earlier versions wrote.
    providerParameters: z.record(z.string(), z.string()).default({}),
    testing: z.boolean().default(false),
  }),
);
const authenticationColumn = z.enum(AUTHENTICATION_METHODS);
const suspendedCause = z.enum(["client_secret_rejected", "client_disabled"]);
const secretState = z.enum(["staged", "active", "retired"]);

export function createClientStore(database: Database): ClientStore {
  return {
    create: (client, secret) =>
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
            settings: settingsColumn.write(client.settings),
            public_url: client.publicUrl,
            created_at: egNow,
          })
          .execute();
        if (secret) await insertActive(queries, client.id, secret);
      }),

    find: (id) =>
      database.read(async (queries) => {
        const row = await selectClients(queries).where("clients.id", "=", id).executeTakeFirst();
        return row ? clientOf(row) : null;
      }),

    list: (tenantId) =>
      database.read(async (queries) => {
        const rows = selectClients(queries).where("tenant_id", "=", tenantId).orderBy("clients.id");
        return (await rows.execute()).map(clientOf);
      }),

    activeSecret: (clientId) =>
      database.read(async (queries) => {
        const row = await secretsOf(queries, clientId).where("state", "=", "active").executeTakeFirst();
        return row ? secretOf(row) : null;
      }),

    listSecrets: (clientId) =>
      database.read(async (queries) => (await secretsOf(queries, clientId).execute()).map(secretOf)),

    replaceSecret: (clientId, secret) =>
      database.write(async (queries) => {
        await queries
          .updateTable("client_secrets")
          .set({ state: "retired" satisfies SecretState, retired_at: egNow })
          .where("client_id", "=", clientId)
          .where("state", "=", "active")
          .execute();
        await insertActive(queries, clientId, secret);
        await endSuspension(queries, clientId);
      }),

    suspend: (id, { cause, code, probeAt }) =>
      database.write(async (queries) => {
        const first = await queries
          .updateTable("clients")
          .set({ suspended_cause: cause, suspended_code: code, suspended_since: egNow, probe_at: probeAt })
          .where("id", "=", id)
          .where("suspended_since", "is", null)
          .executeTakeFirst();
        return first.numUpdatedRows > 0n;
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

function selectClients(queries: Queries) {
  return queries
    .selectFrom("clients")
    .innerJoin("tenants", "tenants.id", "clients.tenant_id")
    .selectAll("clients")
    .select("tenants.public_url as tenant_url");
}

async function insertActive(queries: Queries, clientId: string, secret: Pick<ClientSecret, "id" | "sealed">) {
  await queries
    .insertInto("client_secrets")
    .values({
      id: secret.id,
      client_id: clientId,
      state: "active" satisfies SecretState,
      sealed: secret.sealed,
      created_at: egNow,
    })
    .execute();
}

async function endSuspension(queries: Queries, id: string): Promise<boolean> {
  const ended = await queries
    .updateTable("clients")
    .set({ suspended_cause: null, suspended_code: null, suspended_since: null, probe_at: null })
    .where("id", "=", id)
    .where("suspended_since", "is not", null)
    .executeTakeFirst();
  return ended.numUpdatedRows > 0n;
}

function secretsOf(queries: Queries, clientId: string) {
  return queries.selectFrom("client_secrets").selectAll().where("client_id", "=", clientId).orderBy("id", "desc");
}

function clientOf(row: Selectable<Schema["clients"]> & { tenant_url: string | null }): Client {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    providerId: row.provider_id,
    clientId: row.client_id,
    authentication: authenticationColumn.parse(row.authentication),
    scopes: stringList.read(row.scopes),
    settings: settingsColumn.read(row.settings),
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
    createdAt: row.created_at,
  };
}

function secretOf(row: Selectable<Schema["client_secrets"]>): ClientSecret {
  const { id, sealed } = row;
  return { id, clientId: row.client_id, state: secretState.parse(row.state), sealed, createdAt: row.created_at };
}
