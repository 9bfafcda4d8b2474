import { sql, type RawBuilder } from "kysely";
import { SEALED_TABLES, type SealedTable } from "../access/sealed-store.ts";
import type { SealAddress } from "../runtime/sealer.ts";
import type { Queries } from "./database.ts";

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
    columns: { code_verifier: "code_verifier", code: "authorization_code" },
    id: "id",
    recordId: "id",
    generation: null,
    owner: null,
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
};

/** The rows of a tenant, as what follows `from`. `row` names the table itself. */
export function rowsOf(table: SealedTable, tenantId: string): RawBuilder<unknown> {
  const { owner } = SEALED_COLUMNS[table];
  if (!owner) return sql`${sql.table(table)} as stored where stored.tenant_id = ${tenantId}`;
  return sql`${sql.table(owner.table)} as owner
    inner join ${sql.table(table)} as stored on ${sql.ref(`stored.${owner.column}`)} = owner.id
    where owner.tenant_id = ${tenantId}`;
}

/** The four bytes of a sealed value that say which key version sealed it (docs/sealed-records.md). */
export function versionBytes(column: string): RawBuilder<Uint8Array | null> {
  return sql`substr(${sql.ref(`stored.${column}`)}, 6, 4)`;
}

/** How many of a tenant's sealed values need each key version. */
export async function countVersions(queries: Queries, tenantId: string): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (const table of SEALED_TABLES) {
    for (const column of Object.keys(SEALED_COLUMNS[table].columns)) {
      const { rows } = await sql<{ version: Uint8Array; count: number }>`
        select ${versionBytes(column)} as version, count(*) as count
        from ${rowsOf(table, tenantId)} and ${sql.ref(`stored.${column}`)} is not null
        group by ${versionBytes(column)}`.execute(queries);
      for (const row of rows) {
        const version = Buffer.from(row.version).readUInt32BE();
        counts.set(version, (counts.get(version) ?? 0) + row.count);
      }
    }
  }
  return counts;
}
