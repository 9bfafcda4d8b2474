import { sql } from "kysely";
import type { Backlog, Ending, EndingQuery, OverviewStore } from "../connection/overview.ts";
import { SILENCE } from "../refresh/instances.ts";
import { statusColumn } from "./connection-row.ts";
import type { Database, Queries } from "./database.ts";
import { egNow } from "./now.ts";

export function createOverviewStore(database: Database): OverviewStore {
  return {
    statuses: (tenantId) => database.read((queries) => statuses(queries, tenantId)),
    backlog: (tenantId) => database.read((queries) => backlog(queries, tenantId)),
    consented: (query) => database.read((queries) => consented(queries, query)),
    ending: (query) => database.read((queries) => ending(queries, query)),
    instances: () => database.read(instances),
  };
}

async function statuses(queries: Queries, tenantId: string) {
  const counts = { active: 0, degraded: 0, suspended: 0, reauthorization_required: 0, disconnected: 0 };
  const stored = queries
    .selectFrom("connections")
    .select((select) => ["own_status", select.fn.countAll<number>().as("count")])
    .where("tenant_id", "=", tenantId)
    .groupBy("own_status");
  for (const row of await stored.execute()) counts[statusColumn.parse(row.own_status)] += row.count;
  for (const row of await hidden(queries, tenantId)) {
    counts[statusColumn.parse(row.own_status)] -= row.count;
    counts.suspended += row.count;
  }
  return counts;
}

/** Live connections of suspended clients. They are found by their clients, which are few. */
function hidden(queries: Queries, tenantId: string) {
  return queries
    .selectFrom("clients")
    .innerJoin("connections", "connections.client_id", "clients.id")
    .select((select) => ["own_status", select.fn.countAll<number>().as("count")])
    .where("clients.tenant_id", "=", tenantId)
    .where("suspended_since", "is not", null)
    .where("own_status", "in", ["active", "degraded"])
    .groupBy("own_status")
    .execute();
}

async function backlog(queries: Queries, tenantId: string): Promise<Backlog> {
  const { count, oldest, now } = await queries
    .selectFrom("refresh_leases")
    .select((select) => [
      select.fn.countAll<number>().as("count"),
      select.fn.min<number | null>("due_at").as("oldest"),
      egNow.as("now"),
    ])
    .where("due_at", "<=", egNow)
    .where("owner", "is", null)
    .where("client_id", "in", (clients) =>
      clients.selectFrom("clients").select("id").where("tenant_id", "=", tenantId).where("suspended_since", "is", null),
    )
    .executeTakeFirstOrThrow();
  return { count, oldestMs: oldest === null ? 0 : now - oldest };
}

/** Of what is over already, nothing more ends. */
const LIVE = ["active", "degraded", "suspended"];

async function consented(queries: Queries, { tenantId, clientIds, from, to, limit }: EndingQuery): Promise<Ending[]> {
  if (clientIds.length === 0) return [];
  const rows = await queries
    .selectFrom("connections")
    .select(["id", "client_id", "account_label", "end_user", sql<number>`consented_at`.as("ends")])
    .where("client_id", "in", clientIds)
    .where("consented_at", ">", from)
    .where("consented_at", "<=", to)
    .where("status", "in", LIVE)
    .where("tenant_id", "=", tenantId)
    .orderBy("consented_at")
    .limit(limit)
    .execute();
  return rows.map(endingOf);
}

async function ending(queries: Queries, { tenantId, clientIds, from, to, limit }: EndingQuery): Promise<Ending[]> {
  if (clientIds.length === 0) return [];
  const rows = await queries
    .selectFrom("token_sets")
    .innerJoin("connections", "connections.id", "token_sets.connection_id")
    .select(["id", "client_id", "account_label", "end_user", sql<number>`refresh_expires_at`.as("ends")])
    .where("client_id", "in", clientIds)
    .where("refresh_expires_at", ">", from)
    .where("refresh_expires_at", "<=", to)
    .where("status", "in", LIVE)
    .where("tenant_id", "=", tenantId)
    .orderBy("refresh_expires_at")
    .limit(limit)
    .execute();
  return rows.map(endingOf);
}

interface EndingRow {
  id: string;
  client_id: string;
  account_label: string | null;
  end_user: string | null;
  ends: number;
}

function endingOf({ id, client_id, account_label, end_user, ends }: EndingRow): Ending {
  return { connectionId: id, clientId: client_id, accountLabel: account_label, endUser: end_user, at: ends };
}

async function instances(queries: Queries): Promise<number> {
  const { count } = await queries
    .selectFrom("instances")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("heartbeat_at", ">", sql<number>`eg_now() - ${sql.lit(SILENCE)}`)
    .executeTakeFirstOrThrow();
  return count;
}
