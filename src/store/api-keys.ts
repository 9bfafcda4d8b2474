import { z } from "zod";
import { sql, type Selectable } from "kysely";
import { SCOPES, type ApiKey } from "../access/api-key.ts";
import type { ApiKeyStore, Rotation } from "../access/store.ts";
import type { Database, Queries } from "./database.ts";
import { jsonColumn, stringList } from "./json-column.ts";
import { markUsed } from "./mark-used.ts";
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
            allowed_cidrs: stringList.write(key.allowedCidrs),
            rate_limit: key.rateLimit,
            replaces: key.replaces,
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
    rotate: (rotation) => database.write((queries) => rotate(queries, rotation)),
    markUsed: (uses) => database.write((queries) => markUsed(queries, "api_keys", uses)),
    takeFromEnvironment: (id) => database.write((queries) => takeFromEnvironment(queries, id)),
  };
}

/** The first of two at once changes the row; the second then finds that it has a successor. */
async function rotate(queries: Queries, { tenantId, id, successor, overlapMs }: Rotation): Promise<number | null> {
  const replaced = await queries
    .updateTable("api_keys")
    .set({ replaced_by: successor.id })
    .where("id", "=", id)
    .where("tenant_id", "=", tenantId)
    .where("revoked_at", "is", null)
    .where("replaced_by", "is", null)
    .where((where) => where.or([where("expires_at", "is", null), where("expires_at", ">", egNow)]))
    .returning(["name", "scopes", "allowed_cidrs", "rate_limit", "created_at", "expires_at"])
    .executeTakeFirst();
  if (!replaced) return null;
  const { created_at: madeAt, expires_at: end, ...same } = replaced;
  const expiresAt = end === null ? null : after(end - madeAt);
  await queries
    .insertInto("api_keys")
    .values({ ...successor, ...same, tenant_id: tenantId, created_at: egNow, expires_at: expiresAt, replaces: id })
    .execute();
  const overlapEnd = after(overlapMs);
  const ended = await queries
    .updateTable("api_keys")
    .set({ expires_at: sql`case when expires_at < ${overlapEnd} then expires_at else ${overlapEnd} end` })
    .where("id", "=", id)
    .returning(sql<number>`expires_at`.as("expires_at"))
    .executeTakeFirstOrThrow();
  return ended.expires_at;
}

function after(milliseconds: number) {
  return sql<number>`eg_now() + cast(${milliseconds} as bigint)`;
}

async function takeFromEnvironment(queries: Queries, id: string): Promise<void> {
  const named = queries.updateTable("api_keys").where("from_environment", "=", 1).where("id", "!=", id);
  await named.where("replaced_by", "is", null).where("revoked_at", "is", null).set({ revoked_at: egNow }).execute();
  await named.set({ from_environment: 0 }).execute();
  await queries
    .updateTable("api_keys")
    .set({ from_environment: 1 })
    .where("id", "=", id)
    .where("from_environment", "=", 0)
    .execute();
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
    allowedCidrs: stringList.read(row.allowed_cidrs),
    rateLimit: row.rate_limit,
    replaces: row.replaces,
    replacedBy: row.replaced_by,
    lastUsedAt: row.last_used_at,
    lastUsedFrom: row.last_used_from,
  };
}
