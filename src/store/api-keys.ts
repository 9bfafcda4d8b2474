import { z } from "zod";
import type { Selectable } from "kysely";
import { SCOPES, type ApiKey } from "../access/api-key.ts";
import type { ApiKeyStore } from "../access/store.ts";
import type { Database } from "./database.ts";
import { jsonColumn } from "./json-column.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";

const scopesColumn = jsonColumn(z.array(z.enum(SCOPES)));

export function createApiKeyStore(database: Database): ApiKeyStore {
  return {
    create: (key) =>
      database.write(async (queries) => {
        await queries
          .insertInto("api_keys")
          .values({
            id: key.id,
            tenant_id: key.tenantId,
            name: key.name,
            scopes: scopesColumn.write(key.scopes),
            hash: key.hash,
            created_at: egNow,
            expires_at: key.expiresAt,
          })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }),
    find: (id) =>
      database.read(async (queries) => {
        const row = await queries.selectFrom("api_keys").selectAll().where("id", "=", id).executeTakeFirst();
        return row ? keyOf(row) : null;
      }),
    list: (tenantId) =>
      database.read(async (queries) => {
        const rows = await queries
          .selectFrom("api_keys")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .orderBy("id")
          .execute();
        return rows.map(keyOf);
      }),
    revoke: (tenantId, id) =>
      database.write(async (queries) => {
        const revoked = await queries
          .updateTable("api_keys")
          .set({ revoked_at: egNow })
          .where("id", "=", id)
          .where("tenant_id", "=", tenantId)
          .where("revoked_at", "is", null)
          .executeTakeFirst();
        return revoked.numUpdatedRows > 0n;
      }),
  };
}

function keyOf(row: Selectable<Schema["api_keys"]>): ApiKey {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    scopes: scopesColumn.read(row.scopes),
    hash: row.hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}
