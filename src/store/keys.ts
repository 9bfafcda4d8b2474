import { DEFAULT_TENANT, type KeyStore } from "../access/store.ts";
import type { Database } from "./database.ts";
import { egNow } from "./now.ts";

/** Wrapped keys. `newInstanceId` names the database when it is new. */
export function createKeyStore(database: Database, newInstanceId: () => string): KeyStore {
  return {
    instanceId: () =>
      database.write(async (queries) => {
        // One at a time: of several processes that find no name yet, each would give one.
        await queries
          .selectFrom("tenants")
          .select("id")
          .where("id", "=", DEFAULT_TENANT)
          .modifyEnd(database.dialect.forUpdate)
          .execute();
        const row = await queries.selectFrom("installation").select("id").executeTakeFirst();
        if (row) return row.id;
        const id = newInstanceId();
        await queries.insertInto("installation").values({ id, created_at: egNow }).execute();
        return id;
      }),
    rootKeys: () =>
      database.read((queries) =>
        queries.selectFrom("root_keys").select(["fingerprint", "sentinel"]).orderBy("created_at").execute(),
      ),
    addRootKey: (record) =>
      database.write(async (queries) => {
        await queries
          .insertInto("root_keys")
          .values({ ...record, created_at: egNow })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }),
    tenantKeys: (tenantId) =>
      database.read(async (queries) => {
        const rows = await queries
          .selectFrom("tenant_keys")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .orderBy("version")
          .execute();
        return rows.map(({ version, wrapped, root_fingerprint: rootFingerprint }) => ({
          tenantId,
          version,
          wrapped,
          rootFingerprint,
        }));
      }),
    addTenantKey: ({ tenantId, version, wrapped, rootFingerprint }) =>
      database.write(async (queries) => {
        await queries
          .insertInto("tenant_keys")
          .values({ tenant_id: tenantId, version, wrapped, root_fingerprint: rootFingerprint, created_at: egNow })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }),
  };
}
