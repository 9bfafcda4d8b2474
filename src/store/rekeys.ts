import { z } from "zod";
import { SEALED_TABLES } from "../access/sealed-store.ts";
import type { Rekey, RekeyStore } from "../access/rekey-store.ts";
import { sql, type Selectable } from "kysely";
import type { Database, Queries } from "./database.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";

const tableColumn = z.enum(SEALED_TABLES);

export function createRekeyStore(database: Database): RekeyStore {
  return {
    begin: (tenantId, version, total) => database.write((queries) => begin(queries, tenantId, { version, total })),
    list: () =>
      database.read(async (queries) => {
        const rows = await queries.selectFrom("rekeys").selectAll().orderBy("tenant_id").execute();
        return rows.map(rekeyOf);
      }),
    claim: (owner, leaseMs) =>
      database.write(async (queries) => {
        const free = await queries
          .selectFrom("rekeys")
          .selectAll()
          .where("finished_at", "is", null)
          .where((where) => where.or([where("owner", "is", null), where("lease_until", "<=", egNow)]))
          .orderBy("started_at")
          .limit(1)
          .modifyEnd(database.dialect.skipLocked)
          .executeTakeFirst();
        if (!free) return null;
        await queries
          .updateTable("rekeys")
          .set({ owner, lease_until: fromNow(leaseMs) })
          .where("tenant_id", "=", free.tenant_id)
          .execute();
        return rekeyOf(free);
      }),
    advance: ({ tenantId, version, place, done }, owner, leaseMs) =>
      database.write(async (queries) => {
        const { numUpdatedRows } = await queries
          .updateTable("rekeys")
          .set({ at_table: place.table, at_row: place.after, done, lease_until: fromNow(leaseMs) })
          .where("tenant_id", "=", tenantId)
          .where("version", "=", version)
          .where("owner", "=", owner)
          .executeTakeFirstOrThrow();
        return numUpdatedRows > 0n;
      }),
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

function fromNow(milliseconds: number) {
  return sql<number>`eg_now() + ${milliseconds}`;
}

function rekeyOf(row: Selectable<Schema["rekeys"]>): Rekey {
  return {
    tenantId: row.tenant_id,
    version: row.version,
    place: { table: tableColumn.parse(row.at_table), after: row.at_row },
    done: row.done,
    total: row.total,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
