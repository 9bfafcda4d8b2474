import { z } from "zod";
import type { Selectable } from "kysely";
import { NO_LIMITS, type CountedThing, type Tenant } from "../access/tenant.ts";
import type { NewAddress, TenantChanges, TenantStore } from "../access/tenant-store.ts";
import type { Database, Queries } from "./database.ts";
import { closeTenant, endConnections, finishDeletion } from "./end-tenant.ts";
import { jsonColumn } from "./json-column.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";
import { inTransaction } from "./transaction.ts";

const limit = z.int().nullable().default(null);
const limitsColumn = jsonColumn(
  z.object({
    clients: limit,
    connections: limit,
    apiKeys: limit,
    connectSessionsPerHour: limit,
    requestsPerMinute: limit,
  }),
);

export function createTenantStore(database: Database): TenantStore {
  const transact = inTransaction(database);
  return {
    create: ({ id, name, publicUrl, limits }) =>
      database.write(async (queries) => {
        await queries
          .insertInto("tenants")
          .values({ id, name, public_url: publicUrl, limits: limitsColumn.write(limits), created_at: egNow })
          .execute();
      }),
    find: (id) =>
      database.read(async (queries) => {
        const row = await existing(queries).where("id", "=", id).executeTakeFirst();
        return row ? tenantOf(row) : null;
      }),
    list: ({ limit: most, after }) =>
      database.read(async (queries) => {
        const rows = existing(queries).$if(after !== null, (query) => query.where("id", ">", after ?? ""));
        return (await rows.orderBy("id").limit(most).execute()).map(tenantOf);
      }),
    change: (id, changes) =>
      transact(async ({ queries, dialect }) => {
        const row = await existing(queries)
          .where("id", "=", id)
          .where("closed_at", "is", null)
          .modifyEnd(dialect.forUpdate)
          .executeTakeFirst();
        if (row) await change(queries, tenantOf(row), changes);
        return row !== undefined;
      }),
    count: (id, thing) => database.read((queries) => count(queries, id, thing)),
    hasHost: (host) => database.read((queries) => hasHost(queries, host)),
    close: (id) => transact((tx) => closeTenant(tx, id)),
    endConnections: (id, page) => transact((tx) => endConnections(tx, id, page)),
    finishDeletion: (id) => database.write((queries) => finishDeletion(queries, id)),
  };
}

function existing(queries: Queries) {
  return queries.selectFrom("tenants").selectAll().where("deleted_at", "is", null);
}

async function change(queries: Queries, tenant: Tenant, { name, address, limits }: TenantChanges): Promise<void> {
  await queries
    .updateTable("tenants")
    .set({
      name: name ?? tenant.name,
      public_url: address ? address.publicUrl : tenant.publicUrl,
      limits: limitsColumn.write({ ...tenant.limits, ...limits }),
    })
    .where("id", "=", tenant.id)
    .execute();
  if (address) await changeClients(queries, tenant, address);
}

async function changeClients(queries: Queries, { id, publicUrl: former }: Tenant, address: NewAddress): Promise<void> {
  const clients = queries.updateTable("clients").where("tenant_id", "=", id);
  if (address.redirectUris === "change") {
    await clients.set({ public_url: null }).execute();
  } else if (address.publicUrl !== former) {
    const kept = former ?? address.installationUrl;
    await clients.set({ public_url: kept }).where("public_url", "is", null).execute();
  }
}

async function count(queries: Queries, id: string, thing: CountedThing): Promise<number> {
  const { rows } = await counting(queries, id, thing).executeTakeFirstOrThrow();
  return rows;
}

function counting(queries: Queries, id: string, thing: CountedThing) {
  const rows = queries.fn.countAll<number>().as("rows");
  switch (thing) {
    case "clients":
      return queries.selectFrom("clients").select(rows).where("tenant_id", "=", id).where("deleted_at", "is", null);
    case "connections":
      return queries
        .selectFrom("connections")
        .select(rows)
        .where("tenant_id", "=", id)
        .where("status", "<>", "disconnected");
    case "apiKeys":
      return queries
        .selectFrom("api_keys")
        .select(rows)
        .where("tenant_id", "=", id)
        .where("revoked_at", "is", null)
        .where((where) => where.or([where("expires_at", "is", null), where("expires_at", ">", egNow)]));
  }
}

async function hasHost(queries: Queries, host: string): Promise<boolean> {
  const origins = [`https://${host}`, `http://${host}`];
  const found = await queries
    .selectFrom("tenants")
    .select("id")
    .where("public_url", "in", origins)
    .where("deleted_at", "is", null)
    .unionAll(queries.selectFrom("clients").select("id").where("public_url", "in", origins))
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

function tenantOf(row: Selectable<Schema["tenants"]>): Tenant {
  return {
    id: row.id,
    name: row.name,
    publicUrl: row.public_url,
    limits: { ...NO_LIMITS, ...limitsColumn.read(row.limits) },
    createdAt: row.created_at,
    closedAt: row.closed_at,
  };
}
