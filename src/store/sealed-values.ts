import { setImmediate as nextTurn } from "node:timers/promises";
import { sql, type RawBuilder } from "kysely";
import { SEALED_TABLES, type SealedTable } from "../access/sealed-store.ts";
import type { SealAddress } from "../runtime/sealer.ts";
import type { Database, Queries } from "./database.ts";

/** Where one table has sealed values, and what their addresses are made of. */
export interface SealedColumns {
  columns: Readonly<Record<string, SealAddress["field"]>>;
  /** The row's own id. */
  id: string;
  /** What the record id of the address is. */
  recordId: string;
  /** The column of the generation in the address; null where nothing is counted. */
  generation: string | null;
  /** The table that says which tenant a row is of, and the column that leads there; null where the row says it itself. */
  owner: { table: string; column: string } | null;
}

export const SEALED_COLUMNS: Readonly<Record<SealedTable, SealedColumns>> = {
  client_secrets: {
    columns: { sealed: "client_secret" },
    id: "id",
    recordId: "id",
    generation: null,
    owner: { table: "clients", column: "client_id" },
  },
  connect_sessions: {
    columns: { code_verifier: "code_verifier", code: "authorization_code", arrival: "arrival" },
    id: "id",
    recordId: "id",
    generation: null,
    owner: null,
  },
  dpop_keys: {
    columns: { sealed: "dpop_key" },
    id: "id",
    recordId: "id",
    generation: null,
    owner: { table: "clients", column: "client_id" },
  },
  signing_secrets: {
    columns: { sealed: "signing_secret" },
    id: "id",
    recordId: "id",
    generation: null,
    owner: { table: "clients", column: "client_id" },
  },
  spare_token_sets: {
    columns: { access_token: "access_token", refresh_token: "refresh_token" },
    id: "id",
    recordId: "connection_id",
    generation: "generation",
    owner: { table: "connections", column: "connection_id" },
  },
  token_sets: {
    columns: { access_token: "access_token", refresh_token: "refresh_token" },
    id: "connection_id",
    recordId: "connection_id",
    generation: "generation",
    owner: { table: "connections", column: "connection_id" },
  },
  webhook_secrets: {
    columns: { sealed: "webhook_secret" },
    id: "id",
    recordId: "id",
    generation: null,
    owner: null,
  },
};

/** The rows of a tenant, as what follows `from`. `row` names the table itself. */
export function rowsOf(table: SealedTable, tenantId: string): RawBuilder<unknown> {
  const { owner } = SEALED_COLUMNS[table];
  if (!owner) return sql`${sql.table(table)} as stored where stored.tenant_id = ${tenantId}`;
  return sql`${sql.table(owner.table)} as owner
    inner join ${sql.table(table)} as stored on ${sql.ref(`stored.${owner.column}`)} = owner.id
    where owner.tenant_id = ${tenantId}`;
}

/**
 * What the rows of a tenant are gone through by, in pieces. Where a row has its owner's id it is the owner's: an index has those of a
 * tenant in order, and otherwise all that are left would be sorted for each piece.
 */
export function orderOf(table: SealedTable): RawBuilder<unknown> {
  const { id, owner } = SEALED_COLUMNS[table];
  return sql.ref(owner?.column === id ? "owner.id" : `stored.${id}`);
}

/** The four bytes of a sealed value that say which key version sealed it (docs/sealed-records.md). */
export function versionBytes(column: string): RawBuilder<Uint8Array | null> {
  return sql`substr(${sql.ref(`stored.${column}`)}, 6, 4)`;
}

/** Rows that are counted by one statement: SQLite answers nobody else meanwhile. */
const ROWS_AT_ONCE = 2000;

/**
 * How many of a tenant's sealed values need each key version. Goes through all of them in pieces, between which others get their
 * turn: what is stored meanwhile may be counted or not.
 */
export async function countVersions({ read }: Pick<Database, "read">, tenantId: string): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (const table of SEALED_TABLES) {
    for (let after: string | number | null = null, rows = ROWS_AT_ONCE; rows === ROWS_AT_ONCE; await nextTurn()) {
      const piece: Piece = await read((queries) => countPiece(queries, { tenantId, table, after }));
      for (const [version, count] of piece.counts) counts.set(version, (counts.get(version) ?? 0) + count);
      ({ rows, last: after } = piece);
    }
  }
  return counts;
}

interface Piece {
  rows: number;
  last: string | number | null;
  counts: [version: number, count: number][];
}

async function countPiece(
  queries: Queries,
  { tenantId, table, after }: { tenantId: string; table: SealedTable; after: string | number | null },
): Promise<Piece> {
  const { columns } = SEALED_COLUMNS[table];
  const idColumn = orderOf(table);
  const names = Object.keys(columns);
  const versions = names.map((column) => sql`${versionBytes(column)} as ${sql.ref(column)}`);
  const groups = sql.join(names.map((column) => sql.ref(column)));
  const { rows } = await sql<Record<string, Uint8Array | null> & { count: number; last: string | number }>`
    select ${groups}, count(*) as count, max(max(id)) over () as last from (
      select ${idColumn} as id, ${sql.join(versions)} from ${rowsOf(table, tenantId)}
      ${after === null ? sql`` : sql`and ${idColumn} > ${after}`} order by ${idColumn} limit ${sql.lit(ROWS_AT_ONCE)}
    ) as piece group by ${groups}`.execute(queries);
  return {
    rows: rows.reduce((sum, { count }) => sum + count, 0),
    last: rows[0]?.last ?? null,
    counts: rows.flatMap((row) =>
      names.flatMap((column): [number, number][] => {
        const version = row[column];
        return version ? [[Buffer.from(version).readUInt32BE(), row.count]] : [];
      }),
    ),
  };
}
