import { z } from "zod";
import { SEALED_TABLES, type SealedRow } from "../access/sealed-store.ts";
import type { Rekey, RekeyLease, RekeyStore, RekeyWork } from "../access/rekey-store.ts";
import { sql, type Selectable } from "kysely";
import type { Database, Queries } from "./database.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";
import { replaceSealed } from "./sealed-store.ts";
import type { Transaction } from "./transaction.ts";

const tableColumn = z.enum(SEALED_TABLES);
const now = egNow.as("now");

export function createRekeyStore(database: Database): RekeyStore {
  return {
    begin: (tenantId, version, total) => database.write((queries) => begin(queries, tenantId, { version, total })),
    list: () =>
      database.read(async (queries) => {
        const rows = await queries.selectFrom("rekeys").selectAll().select(now).orderBy("tenant_id").execute();
        return rows.map(rekeyOf);
      }),
    claim: (owner, leaseMs) =>
      database.write((queries) => claim({ queries, dialect: database.dialect }, { owner, leaseMs })),
    advance: (rekey, rows, lease) =>
      database.write((queries) => advance({ queries, dialect: database.dialect }, rekey, rows, lease)),
    finish: ({ tenantId, version }, owner) =>
      database.write(async (queries) => {
        await queries
          .updateTable("rekeys")
          .set({ finished_at: egNow, owner: null, lease_until: 0 })
          .where("tenant_id", "=", tenantId)
          .where("version", "=", version)
          .where("owner", "=", owner)
          .execute();
      }),
    giveBack: (tenantId, owner) =>
      database.write(async (queries) => {
        await queries
          .updateTable("rekeys")
          .set({ owner: null, lease_until: 0 })
          .where("tenant_id", "=", tenantId)
          .where("owner", "=", owner)
          .execute();
      }),
  };
}

async function begin(
  queries: Queries,
  tenantId: string,
  { version, total }: { version: number; total: number },
): Promise<void> {
  const start = { version, total, at_table: SEALED_TABLES[0], at_row: null, done: 0, started_at: egNow };
  const fresh = { ...start, finished_at: null, owner: null, lease_until: 0 };
  await queries
    .insertInto("rekeys")
    .values({ tenant_id: tenantId, ...fresh })
    .onConflict((conflict) => conflict.column("tenant_id").doUpdateSet(fresh).where("rekeys.version", "<", version))
    .execute();
}

async function claim({ queries, dialect }: Transaction, { owner, leaseMs }: RekeyLease): Promise<Rekey | null> {
  const free = await queries
    .selectFrom("rekeys")
    .selectAll()
    .where("finished_at", "is", null)
    .where((where) => where.or([where("owner", "is", null), where("lease_until", "<=", egNow)]))
    .orderBy("started_at")
    .limit(1)
    .modifyEnd(dialect.skipLocked)
    .executeTakeFirst();
  if (!free) return null;
  const claimed = await queries
    .updateTable("rekeys")
    .set({ owner, lease_until: fromNow(leaseMs), claimed_at: egNow, done_before: free.done })
    .where("tenant_id", "=", free.tenant_id)
    .returningAll()
    .returning(now)
    .executeTakeFirstOrThrow();
  return rekeyOf(claimed);
}

async function advance(
  tx: Transaction,
  { tenantId, version, place }: Rekey,
  rows: readonly SealedRow[],
  { owner, leaseMs }: RekeyLease,
): Promise<number | null> {
  const ofTenant = tx.queries.updateTable("rekeys").where("tenant_id", "=", tenantId);
  const { numUpdatedRows } = await ofTenant
    .set({ at_table: place.table, at_row: place.after, lease_until: fromNow(leaseMs) })
    .where("version", "=", version)
    .where("owner", "=", owner)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return null;
  const replaced = await replaceSealed(tx, rows);
  await ofTenant.set({ done: sql<number>`done + ${replaced}` }).execute();
  return replaced;
}

function fromNow(milliseconds: number) {
  return sql<number>`eg_now() + ${milliseconds}`;
}

function rekeyOf(row: Selectable<Schema["rekeys"]> & { now: number }): Rekey {
  return {
    tenantId: row.tenant_id,
    version: row.version,
    place: { table: tableColumn.parse(row.at_table), after: row.at_row },
    done: row.done,
    total: row.total,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    atWork: atWork(row),
  };
}

function atWork(row: Selectable<Schema["rekeys"]> & { now: number }): RekeyWork | null {
  const { owner, lease_until: until, claimed_at: since, done_before: doneBefore, now: at } = row;
  return owner !== null && until > at ? { owner, forMs: at - since, doneBefore } : null;
}
