import { sql } from "kysely";
import type { SealedPlace, SealedRow, SealedStore } from "../access/sealed-store.ts";
import type { Database, Queries } from "./database.ts";
import { countVersions, orderOf, rowsOf, SEALED_COLUMNS, versionBytes } from "./sealed-values.ts";
import type { Transaction } from "./transaction.ts";
import { updateFromValues } from "./update-from-values.ts";

export function createSealedStore(database: Database): SealedStore {
  return {
    outdated: (tenantId, version, place, limit) =>
      database.read((queries) => outdated(queries, { tenantId, version, place, limit })),
    versions: (tenantId) => countVersions(database, tenantId),
  };
}

interface Wanted {
  tenantId: string;
  version: number;
  place: SealedPlace;
  limit: number;
}

type Row = Record<string, string | number | Uint8Array | null>;

async function outdated(queries: Queries, { tenantId, version, place, limit }: Wanted): Promise<SealedRow[]> {
  const { table, after } = place;
  const { columns, id, generation, recordId } = SEALED_COLUMNS[table];
  const wanted = Buffer.alloc(4);
  wanted.writeUInt32BE(version);
  const isOutdated = Object.keys(columns).map((column) => sql`${versionBytes(column)} <> ${wanted}`);
  const idColumn = orderOf(table);
  const read = new Set([id, recordId, ...(generation === null ? [] : [generation]), ...Object.keys(columns)]);
  const selected = [...read].map((column) => sql.ref(`stored.${column}`));
  const { rows } = await sql<Row>`select ${sql.join(selected)} from ${rowsOf(table, tenantId)}
    and (${sql.join(isOutdated, sql` or `)})
    ${after === null ? sql`` : sql`and ${idColumn} > ${table === "spare_token_sets" ? Number(after) : after}`}
    order by ${idColumn} limit ${limit}`.execute(queries);
  return rows.map((row) => {
    const counted = generation === null ? 0 : Number(row[generation]);
    const values = Object.entries(columns).flatMap(([column, field]) => {
      const sealed = row[column];
      const address = { tenantId, recordId: String(row[recordId]), field, generation: counted };
      return sealed instanceof Uint8Array ? [{ column, address, sealed }] : [];
    });
    return { table, id: String(row[id]), generation: counted, values };
  });
}

/** `RekeyStore.advance` says how. */
export async function replaceSealed(tx: Transaction, rows: readonly SealedRow[]): Promise<number> {
  const ofTokens = rows.filter(({ table }) => table === "token_sets");
  let replaced = await replaceTokens(tx, ofTokens);
  for (const row of rows) if (row.table !== "token_sets") replaced += await replaceOne(tx.queries, row);
  return replaced;
}

/** What is written once only changes by being deleted. */
async function replaceOne(queries: Queries, { table, id, values }: SealedRow): Promise<number> {
  const set = values.map(({ column, sealed }) => sql`${sql.ref(column)} = ${sealed}`);
  const isThere = values.map(({ column }) => sql`${sql.ref(column)} is not null`);
  const key = table === "spare_token_sets" ? Number(id) : id;
  const { numAffectedRows = 0n } = await sql`update ${sql.table(table)} set ${sql.join(set)}
    where id = ${key} and ${sql.join(isThere, sql` and `)}`.execute(queries);
  return Number(numAffectedRows) * values.length;
}

/** Locks the leases as every change of a token set does, without waiting for one that is under way. */
async function replaceTokens(tx: Transaction, rows: readonly SealedRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const { queries, dialect } = tx;
  const locked = await queries
    .selectFrom("refresh_leases")
    .select("connection_id")
    .where("connection_id", "in", idsOf(rows))
    .orderBy("connection_id")
    .modifyEnd(dialect.skipLocked)
    .execute();
  if (locked.length === 0) return 0;
  const current = await queries
    .selectFrom("token_sets")
    .select(["connection_id", "generation"])
    .where(
      "connection_id",
      "in",
      locked.map((row) => row.connection_id),
    )
    .execute();
  const generations = new Map(current.map((row) => [row.connection_id, row.generation]));
  const same = rows.filter(({ id, generation }) => generations.get(id) === generation);
  await updateFromValues(tx, "token_sets", "connection_id", same.map(tokenValues));
  return same.reduce((sum, { values }) => sum + values.length, 0);
}

function idsOf(rows: readonly SealedRow[]): string[] {
  return rows.map(({ id }) => id);
}

function tokenValues({ id, values }: SealedRow) {
  const sealed = (wanted: string) => values.find(({ column }) => column === wanted)?.sealed ?? null;
  return { connection_id: id, access_token: sealed("access_token"), refresh_token: sealed("refresh_token") };
}
