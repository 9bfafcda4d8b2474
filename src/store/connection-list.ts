import { sql, type RawBuilder, type Selectable, type SqlBool } from "kysely";
import type { Cause } from "../connection/cause.ts";
import type { Connection, ConnectionStatus } from "../connection/connection.ts";
import type { ConnectionOrder, ConnectionQuery } from "../connection/store.ts";
import { CLIENT_COLUMNS, connectionOf } from "./connection-row.ts";
import type { Dialect, Queries } from "./database.ts";
import type { Schema } from "./schema.ts";

/** A page of connections. What is looked through is narrow; only the page's own rows are read whole. */
export async function list(queries: Queries, dialect: Dialect, query: ConnectionQuery): Promise<Connection[]> {
  const rows = await queries
    .selectFrom("connections")
    .innerJoin("clients", "clients.id", "connections.client_id")
    .selectAll("connections")
    .select(CLIENT_COLUMNS)
    .where("connections.id", "in", idsOf(queries, dialect, query))
    .orderBy(orderOf(query))
    .execute();
  return rows.map(connectionOf);
}

function idsOf(queries: Queries, { listed }: Dialect, query: ConnectionQuery) {
  const { after, status, clientId, provenBefore, imported, search, cause, providerId, label } = query;
  const wanted = [
    after !== null && isAfter(query, after),
    status !== null && hasStatus(status),
    clientId !== null && sql<SqlBool>`connections.client_id = ${clientId}`,
    provenBefore !== undefined && sql<SqlBool>`${PROVEN_AT} < ${provenBefore}`,
    imported === true && sql<SqlBool>`connections.seed is not null`,
    search !== undefined && contains(search),
    cause !== undefined && hasCause(cause),
    providerId !== undefined && isAt(providerId),
    label !== undefined && hasLabel(label),
  ].filter((condition) => condition !== false);
  // Whether a connection was imported is not in the index.
  const alias = sql`connections ${imported === true ? sql`` : listed}`;
  return queries
    .selectFrom(sql<Selectable<Schema["connections"]>>`connections`.as<"connections">(alias))
    .select("connections.id")
    .where("connections.tenant_id", "=", query.tenantId)
    .where((where) => where.and(wanted))
    .orderBy(orderOf(query))
    .limit(query.limit);
}

/** A live connection of a suspended client is shown as suspended, for the client's cause: see `connectionOf`. */
const BY_CLIENT = sql<SqlBool>`(connections.own_status in ('active', 'degraded')
  and connections.client_id in (select id from clients where suspended_since is not null))`;

function hasStatus(status: ConnectionStatus): RawBuilder<SqlBool> {
  const own = sql<SqlBool>`connections.own_status = ${status}`;
  if (status === "suspended") return sql<SqlBool>`(${own} or ${BY_CLIENT})`;
  return sql<SqlBool>`(${own} and not ${BY_CLIENT})`;
}

function hasCause(cause: Cause): RawBuilder<SqlBool> {
  return sql<SqlBool>`((connections.own_cause = ${cause} and not ${BY_CLIENT})
    or (connections.own_status in ('active', 'degraded') and connections.client_id in (select id from clients
      where suspended_since is not null and coalesce(suspended_cause, 'client_secret_rejected') = ${cause})))`;
}

function isAt(providerId: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`connections.client_id in (select id from clients where provider_id = ${providerId})`;
}

function contains(text: string): RawBuilder<SqlBool> {
  const pattern = `%${text.replaceAll(/[!%_]/g, "!$&")}%`;
  return sql<SqlBool>`connections.search_text like lower(${pattern}) escape '!'`;
}

/** As `JSON.stringify` writes the pair; a quote in a name or value is escaped there, so that nothing else looks like it. */
function hasLabel([name, value]: readonly [string, string]): RawBuilder<SqlBool> {
  const pair = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
  return sql<SqlBool>`(${labelsHold(`{${pair}`)} or ${labelsHold(`,${pair}`)})`;
}

function labelsHold(text: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`replace(connections.labels, ${text}, '') <> connections.labels`;
}

/** Never is longest ago. */
const PROVEN_AT = sql<number>`coalesce(connections.last_proven_at, 0)`;

function orderOf({ order = "made" }: ConnectionQuery): RawBuilder<unknown> {
  return ORDERS[order];
}

const ORDERS: Record<ConnectionOrder, RawBuilder<unknown>> = {
  made: sql`connections.id`,
  proven: sql`${PROVEN_AT}, connections.id`,
  changed: sql`connections.status_since desc, connections.id desc`,
};

function isAfter({ order = "made" }: ConnectionQuery, id: string): RawBuilder<SqlBool> {
  const last = (column: RawBuilder<unknown>) => sql`(select ${column} from connections as last where last.id = ${id})`;
  switch (order) {
    case "made":
      return sql<SqlBool>`connections.id > ${id}`;
    case "proven":
      return sql<SqlBool>`(${PROVEN_AT}, connections.id) > (${last(sql`coalesce(last.last_proven_at, 0)`)}, ${id})`;
    case "changed":
      return sql<SqlBool>`(connections.status_since, connections.id) < (${last(sql`last.status_since`)}, ${id})`;
  }
}
