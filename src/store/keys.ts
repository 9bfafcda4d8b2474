import { sql } from "kysely";
import {
  NAMING_VERSION,
  type KeyState,
  type KeyStore,
  type RootKeyRecord,
  type StoredTenantKey,
  type WrappedTenantKey,
} from "../access/key-store.ts";
import { DEFAULT_TENANT } from "../access/store.ts";
import type { HistoryDetail } from "../connection/history.ts";
import type { Database, Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { announce } from "./outbox.ts";
import { retire, purge } from "./retire-keys.ts";
import type { Schema } from "./schema.ts";

/** Wrapped keys. `newInstanceId` names the database when it is new. */
export function createKeyStore(database: Database, newInstanceId: () => string): KeyStore {
  return {
    instanceId: async () => (await database.read(nameOf)) ?? nameIt(database, newInstanceId),
    rootKeys: () =>
      database.read(async (queries) => {
        const rows = queries.selectFrom("root_keys").selectAll().orderBy("created_at").orderBy("fingerprint");
        return (await rows.execute()).map(rootKeyRecordOf);
      }),
    addRootKey: ({ fingerprint, sentinel, kept }) =>
      database.write(async (queries) => {
        await queries
          .insertInto("root_keys")
          .values({ fingerprint, sentinel, kept_by: kept?.by, wrapped: kept?.wrapped, created_at: egNow })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }),
    wrappedBy: () => database.read(wrappedBy),
    forgetRootKeysBut: (fingerprint) =>
      database.write(async (queries) => {
        const { numDeletedRows } = await queries
          .deleteFrom("root_keys")
          .where("fingerprint", "<>", fingerprint)
          .where("fingerprint", "not in", (keys) => keys.selectFrom("tenant_keys").select("root_fingerprint"))
          .executeTakeFirstOrThrow();
        // What was wrapped with another one is the primary one's now: the rotation is done.
        if (numDeletedRows > 0n) await announceKey(queries, DEFAULT_TENANT, { key: "root", fingerprint });
      }),
    tenantKeys: (tenantId) =>
      database.read(async (queries) => {
        const rows = queries.selectFrom("tenant_keys").selectAll().where("tenant_id", "=", tenantId);
        return (await rows.orderBy("version").execute()).map(storedKeyOf);
      }),
    states: () => database.read(states),
    addTenantKey: (key) => database.write((queries) => addTenantKey(queries, key)),
    wrappedByOthers: (fingerprint, limit) =>
      database.read(async (queries) => {
        const rows = queries.selectFrom("tenant_keys").selectAll().where("root_fingerprint", "<>", fingerprint);
        return (await rows.orderBy("tenant_id").orderBy("version").limit(limit).execute()).map(storedKeyOf);
      }),
    rewrap: ({ tenantId, version, wrapped, rootFingerprint }, from) =>
      database.write(async (queries) => {
        await queries
          .updateTable("tenant_keys")
          .set({ wrapped, root_fingerprint: rootFingerprint })
          .where("tenant_id", "=", tenantId)
          .where("version", "=", version)
          .where("root_fingerprint", "=", from)
          .execute();
      }),
    retire: (tenantId, version, graceMs) => retire(database, { tenantId, version, graceMs }),
    purge: (retiredForMs) => purge(database, retiredForMs),
    shred: (tenantId) => database.write((queries) => shred(queries, tenantId)),
  };
}

function rootKeyRecordOf({ fingerprint, sentinel, kept_by: by, wrapped }: Schema["root_keys"]): RootKeyRecord {
  return { fingerprint, sentinel, kept: by !== null && wrapped !== null ? { by, wrapped } : null };
}

async function nameOf(queries: Queries): Promise<string | null> {
  const row = await queries.selectFrom("installation").select("id").executeTakeFirst();
  return row?.id ?? null;
}

/** One at a time: of several processes that find no name yet, each would give one. */
function nameIt(database: Database, newInstanceId: () => string): Promise<string> {
  return database.write(async (queries) => {
    const operator = queries.selectFrom("tenants").select("id").where("id", "=", DEFAULT_TENANT);
    await operator.modifyEnd(database.dialect.forUpdate).execute();
    const name = await nameOf(queries);
    if (name !== null) return name;
    const id = newInstanceId();
    await queries.insertInto("installation").values({ id, created_at: egNow }).execute();
    return id;
  });
}

function storedKeyOf(row: Schema["tenant_keys"]): StoredTenantKey {
  return {
    tenantId: row.tenant_id,
    version: row.version,
    wrapped: row.wrapped,
    rootFingerprint: row.root_fingerprint,
    createdAt: row.created_at,
    retiredAt: row.retired_at,
  };
}

async function wrappedBy(queries: Queries): Promise<Map<string, number>> {
  const rows = await queries
    .selectFrom("tenant_keys")
    .select((select) => ["root_fingerprint", select.fn.countAll<number>().as("count")])
    .groupBy("root_fingerprint")
    .execute();
  return new Map(rows.map((row) => [row.root_fingerprint, row.count]));
}

async function states(queries: Queries): Promise<Record<KeyState, number>> {
  const { rows } = await sql<{ state: KeyState; count: number }>`
    select case when retired_at is not null then 'retired' when version < newest then 'opening' else 'sealing' end
      as state, count(*) as count
    from (select version, retired_at, max(version) over (partition by tenant_id) as newest from tenant_keys
      where version <> ${sql.lit(NAMING_VERSION)}) as versions
    group by 1`.execute(queries);
  return { sealing: 0, opening: 0, retired: 0, ...Object.fromEntries(rows.map(({ state, count }) => [state, count])) };
}

async function addTenantKey(queries: Queries, key: WrappedTenantKey): Promise<void> {
  const { tenantId, version, wrapped, rootFingerprint } = key;
  const shredded = await queries
    .selectFrom("tenants")
    .select("id")
    .where("id", "=", tenantId)
    .where("shredded_at", "is not", null)
    .executeTakeFirst();
  if (shredded) return;
  const added = await queries
    .insertInto("tenant_keys")
    .values({ tenant_id: tenantId, version, wrapped, root_fingerprint: rootFingerprint, created_at: egNow })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  const isRotation = version > FIRST_VERSION && added.numInsertedOrUpdatedRows === 1n;
  if (isRotation) await announceKey(queries, tenantId, { key: "tenant", version });
}

const FIRST_VERSION = 1;

async function announceKey(queries: Queries, tenantId: string, detail: HistoryDetail): Promise<void> {
  const about = { connectionId: null, clientId: null, incidentId: null };
  await announce(queries, { type: "key.rotated", tenantId, ...about, detail });
}

async function shred(queries: Queries, tenantId: string): Promise<number> {
  await queries
    .updateTable("tenants")
    .set({ shredded_at: sql<number>`coalesce(shredded_at, eg_now())` })
    .where("id", "=", tenantId)
    .execute();
  const { numDeletedRows } = await queries
    .deleteFrom("tenant_keys")
    .where("tenant_id", "=", tenantId)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
