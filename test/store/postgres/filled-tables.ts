import { sql } from "kysely";
import type { Database, Queries } from "../../../src/store/database.ts";

/** Columns that say whose a row is, the nearest first. */
export const OWN_COLUMNS = ["tenant_id", "connection_id", "client_id"] as const;

interface Column {
  name: string;
  type: string;
}

/** A table as the database has it, and how a row of a tenant is made in it. */
export interface Table {
  name: string;
  columns: readonly Column[];
  /** The column that says whose a row is. */
  owner: string;
  isAppendOnly: boolean;
  /** `name` tells it from the tenant's others. */
  insert(queries: Queries, tenantId: string, name?: string): Promise<unknown>;
}

/** All tables of the database, by name. */
export async function tablesOf(database: Database): Promise<Table[]> {
  const { rows } = await database.read((queries) => COLUMNS.execute(queries));
  const names = [...new Set(rows.map((row) => row.table))];
  return names.map((name) => {
    const columns = rows.filter((row) => row.table === name);
    const owner = OWN_COLUMNS.find((own) => columns.some((column) => column.name === own)) ?? "id";
    const needed = columns.filter((column) => column.needed || column.name === owner);
    return {
      name,
      columns,
      owner,
      isAppendOnly: columns.some((column) => column.append_only),
      insert: (queries, tenantId, called) => insert(queries, { name, columns: needed }, idsFor(tenantId, called)),
    };
  });
}

/** One row of the tenant in each of the tables, whatever they are. */
export function fillTables(database: Database, tables: readonly Table[], tenantId: string): Promise<void> {
  const inOrder = tables.toSorted((a, b) => placeOf(a) - placeOf(b));
  return database.write(async (queries) => {
    await sql`insert into root_keys values ('root', 'root', 0) on conflict do nothing`.execute(queries);
    for (const table of inOrder) await table.insert(queries, tenantId);
  });
}

const COLUMNS = sql<Column & { table: string; needed: boolean; append_only: boolean }>`
  select relname as table, attname as name, format_type(atttypid, atttypmod) as type,
    attnotnull and not atthasdef and attidentity = '' as needed,
    exists (select 1 from pg_trigger where tgrelid = pg_class.oid and tgname like '%append_only') as append_only
  from pg_class join pg_attribute on attrelid = pg_class.oid
  where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and attnum > 0 and not attisdropped
  order by relname, attnum`;

/** What others refer to comes first. */
const FIRST = ["tenants", "clients", "connections", "webhook_endpoints"];

function placeOf({ name }: Table): number {
  return FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length;
}

interface RowIds {
  tenantId: string;
  clientId: string;
  connectionId: string;
  suffix: string;
}

function idsFor(tenantId: string, called?: string): RowIds {
  const suffix = called === undefined ? tenantId : `${called}_${tenantId}`;
  return { tenantId, clientId: `cli_${tenantId}`, connectionId: `con_${tenantId}`, suffix };
}

async function insert(
  queries: Queries,
  { name, columns }: { name: string; columns: readonly Column[] },
  ids: RowIds,
): Promise<void> {
  const names = columns.map((column) => sql.ref(column.name));
  const values = columns.map((column) => sql`${valueOf(name, column, ids)}`);
  await sql`insert into ${sql.table(name)} (${sql.join(names)}) values (${sql.join(values)})`.execute(queries);
}

function valueOf(table: string, { name, type }: Column, { tenantId, clientId, connectionId, suffix }: RowIds) {
  if (name === "tenant_id") return tenantId;
  if (name === "connection_id") return connectionId;
  if (name === "client_id") return clientId;
  if (name === "endpoint_id") return `webhook_endpoints_${tenantId}`;
  if (name === "id") return idIn(table, suffix);
  if (table === "incidents" && name === "scope") return suffix;
  if (name === "root_fingerprint") return "root";
  if (type === "bytea") return Buffer.from([1]);
  if (type === "bigint") return 1;
  return TEXTS[name] ?? "x";
}

function idIn(table: string, suffix: string): string {
  if (table === "tenants") return suffix;
  const prefix = { clients: "cli", connections: "con" }[table] ?? table;
  return `${prefix}_${suffix}`;
}

/** Texts that are read again. */
const TEXTS: Readonly<Record<string, string>> = {
  authentication: "none",
  completion: "automatic",
  detail: "{}",
  granted_scopes: "[]",
  kind: "connected",
  labels: "{}",
  origin: "connect",
  parameters: "{}",
  policy: "adaptive",
  requested_scopes: "[]",
  scope: "[]",
  scopes: "[]",
  settings: '{"returnUrls":[],"offlineAccess":true,"prove":false,"authorizationParameters":{}}',
  state: "active",
  status: "active",
};
