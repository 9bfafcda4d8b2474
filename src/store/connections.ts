import { sql } from "kysely";
import type { Connection } from "../connection/connection.ts";
import type { NewHistoryEntry } from "../connection/history.ts";
import type { ConnectionQuery, ConnectionStore, NewConnection, Snapshot } from "../connection/store.ts";
import type { TokenRecord } from "../connection/token-record.ts";
import {
  claim,
  commitRefresh,
  disconnect,
  postpone,
  reauthorize,
  release,
  setStatus,
} from "./connection-transitions.ts";
import { append, consentColumns, updateConnection } from "./connection-writes.ts";
import { CLIENT_COLUMNS, connectionOf, historyOf, leaseOf, tokenColumns, tokenRecordOf } from "./connection-row.ts";
import type { Database, Queries } from "./database.ts";
import { stringMap } from "./json-column.ts";
import { egNow } from "./now.ts";

export function createConnectionStore(database: Database): ConnectionStore {
  return {
    create: (connection, tokens, dueAt, history) =>
      database.write((queries) => create(queries, connection, { tokens, dueAt, history })),
    snapshot: (id) => database.read((queries) => snapshot(queries, id)),
    list: (query) => database.read((queries) => list(queries, query)),
    history: (id, page) =>
      database.read(async (queries) => {
        const rows = await queries
          .selectFrom("history")
          .selectAll()
          .where("connection_id", "=", id)
          .$if(page.before !== null, (query) => query.where("id", "<", page.before ?? 0))
          .orderBy("id", "desc")
          .limit(page.limit)
          .execute();
        return rows.map(historyOf);
      }),
    due: (limit) => database.read((queries) => due(queries, limit)),
    claim: (id, generation) => database.write((queries) => claim(queries, id, generation)),
    commit: (commit) => database.write((queries) => commitRefresh(queries, commit)),
    postpone: (postponement) => database.write((queries) => postpone(queries, postponement)),
    release: (attempt) => database.write((queries) => release(queries, attempt)),
    setStatus: (change) => database.write((queries) => setStatus(queries, change)),
    reauthorize: (commit, consent) => database.write((queries) => reauthorize(queries, commit, consent)),
    disconnect: (id, history) => database.write((queries) => disconnect(queries, id, history)),
    setLabels: (id, labels) =>
      database.write(async (queries) => {
        await updateConnection(queries, id)
          .set({ labels: stringMap.write(labels) })
          .execute();
      }),
    markProven: (id) =>
      database.write(async (queries) => {
        await updateConnection(queries, id).set({ last_proven_at: egNow }).execute();
      }),
    pruneHistory: (before) =>
      database.write(async (queries) => {
        await queries.deleteFrom("history").where("kind", "=", "refreshed").where("at", "<", before).execute();
      }),
  };
}

async function create(
  queries: Queries,
  connection: NewConnection,
  { tokens, dueAt, history }: { tokens: TokenRecord; dueAt: number | null; history: NewHistoryEntry },
): Promise<void> {
  await queries
    .insertInto("connections")
    .values({
      id: connection.id,
      tenant_id: connection.tenantId,
      client_id: connection.clientId,
      end_user: connection.endUser,
      labels: stringMap.write(connection.labels),
      status_since: egNow,
      created_at: egNow,
      ...consentColumns(connection),
    })
    .execute();
  await queries
    .insertInto("token_sets")
    .values({ connection_id: connection.id, ...tokenColumns(tokens) })
    .execute();
  await queries
    .insertInto("refresh_leases")
    .values({ connection_id: connection.id, due_at: dueAt, backoff_until: 0, failures: 0 })
    .execute();
  await append(queries, connection.id, [history]);
}

async function snapshot(queries: Queries, id: string): Promise<Snapshot | null> {
  const row = await queries
    .selectFrom("connections")
    .innerJoin("clients", "clients.id", "connections.client_id")
    .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
    .innerJoin("refresh_leases", "refresh_leases.connection_id", "connections.id")
    .selectAll(["token_sets", "refresh_leases", "connections"])
    .select([...CLIENT_COLUMNS, "probe_at"])
    .where("connections.id", "=", id)
    .executeTakeFirst();
  if (!row) return null;
  return {
    connection: connectionOf(row),
    tokens: tokenRecordOf(row),
    lease: leaseOf(row),
    clientProbeAt: row.probe_at,
  };
}

/** The status that `connectionOf` shows. */
const SHOWN_STATUS = sql<string>`case
  when clients.suspended_since is not null and connections.status in ('active', 'degraded') then 'suspended'
  else connections.status end`;

async function list(queries: Queries, query: ConnectionQuery): Promise<Connection[]> {
  const { after, status, clientId } = query;
  const rows = await queries
    .selectFrom("connections")
    .innerJoin("clients", "clients.id", "connections.client_id")
    .selectAll("connections")
    .select(CLIENT_COLUMNS)
    .where("connections.tenant_id", "=", query.tenantId)
    .$if(after !== null, (select) => select.where("connections.id", ">", after ?? ""))
    .$if(status !== null, (select) => select.where(SHOWN_STATUS, "=", status ?? ""))
    .$if(clientId !== null, (select) => select.where("connections.client_id", "=", clientId ?? ""))
    .orderBy("connections.id")
    .limit(query.limit)
    .execute();
  return rows.map(connectionOf);
}

async function due(queries: Queries, limit: number): Promise<string[]> {
  const rows = await queries
    .selectFrom("refresh_leases")
    .innerJoin("connections", "connections.id", "refresh_leases.connection_id")
    .innerJoin("clients", "clients.id", "connections.client_id")
    .select("refresh_leases.connection_id")
    .where("refresh_leases.due_at", "<=", egNow)
    .where((where) => where.or([where("clients.probe_at", "is", null), where("clients.probe_at", "<=", egNow)]))
    .orderBy("refresh_leases.due_at")
    .limit(limit)
    .execute();
  return rows.map((row) => row.connection_id);
}
