import type { Selectable } from "kysely";
import type {
  NewVirtualRefreshToken,
  VirtualRefreshToken,
  VirtualRefreshTokenQuery,
  VirtualRefreshTokenStore,
} from "../access/virtual-refresh-token.ts";
import type { Database, Queries } from "./database.ts";
import { markUsed } from "./mark-used.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";

export function createVirtualRefreshTokenStore(database: Database): VirtualRefreshTokenStore {
  return {
    create: (token) => database.write((queries) => create(queries, token)),
    find: (id) =>
      database.read(async (queries) => {
        const rows = queries.selectFrom("virtual_refresh_tokens").selectAll();
        const row = await rows.where("id", "=", id).executeTakeFirst();
        return row ? tokenOf(row) : null;
      }),
    list: (query) => database.read((queries) => list(queries, query)),
    count: (connectionId) => database.read((queries) => count(queries, connectionId)),
    revoke: (tenantId, id) =>
      database.write(async (queries) => {
        const revoked = await unrevoked(queries)
          .where("id", "=", id)
          .where("tenant_id", "=", tenantId)
          .executeTakeFirst();
        return revoked.numUpdatedRows > 0n;
      }),
    markUsed: (uses) => database.write((queries) => markUsed(queries, "virtual_refresh_tokens", uses)),
  };
}

/** Those of a connection that is over. */
export async function revokeOfConnection(queries: Queries, connectionId: string): Promise<void> {
  await unrevoked(queries).where("connection_id", "=", connectionId).execute();
}

function unrevoked(queries: Queries) {
  return queries.updateTable("virtual_refresh_tokens").set({ revoked_at: egNow }).where("revoked_at", "is", null);
}

async function create(queries: Queries, token: NewVirtualRefreshToken): Promise<void> {
  await queries
    .insertInto("virtual_refresh_tokens")
    .values({
      id: token.id,
      tenant_id: token.tenantId,
      connection_id: token.connectionId,
      name: token.name,
      hash: token.hash,
      created_by: token.createdBy,
      created_at: egNow,
      expires_at: token.expiresAt,
    })
    .execute();
}

async function list(
  queries: Queries,
  { tenantId, connectionId, limit, after }: VirtualRefreshTokenQuery,
): Promise<VirtualRefreshToken[]> {
  const rows = await queries
    .selectFrom("virtual_refresh_tokens")
    .selectAll()
    .where("tenant_id", "=", tenantId)
    .$if(connectionId !== null, (query) => query.where("connection_id", "=", connectionId ?? ""))
    .$if(after !== null, (query) => query.where("id", ">", after ?? ""))
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map(tokenOf);
}

async function count(queries: Queries, connectionId: string): Promise<number> {
  const { live } = await queries
    .selectFrom("virtual_refresh_tokens")
    .select((select) => select.fn.countAll<number>().as("live"))
    .where("connection_id", "=", connectionId)
    .where("revoked_at", "is", null)
    .where((where) => where.or([where("expires_at", "is", null), where("expires_at", ">", egNow)]))
    .executeTakeFirstOrThrow();
  return live;
}

function tokenOf(row: Selectable<Schema["virtual_refresh_tokens"]>): VirtualRefreshToken {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    connectionId: row.connection_id,
    name: row.name,
    hash: row.hash,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
    lastUsedFrom: row.last_used_from,
  };
}
