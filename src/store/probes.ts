import { sql } from "kysely";
import type { ProbeStore } from "../refresh/probes.ts";
import { DAY } from "../runtime/clock.ts";
import { snapshots } from "./connection-snapshots.ts";
import type { Database } from "./database.ts";
import { egNow } from "./now.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

export function createProbeStore(database: Database): ProbeStore {
  const transact = inTransaction(database);
  return {
    claim: (limit) => transact((tx) => claim(tx, limit)),
    oldestProof: () =>
      database.read(async (queries) => {
        const { age } = await queries
          .selectFrom("connections")
          .select(sql<number | null>`eg_now() - min(coalesce(last_proven_at, created_at))`.as("age"))
          .where("status", "in", LIVE)
          .executeTakeFirstOrThrow();
        return age;
      }),
  };
}

const LIVE = ["active", "degraded"];

/** Rows that another process is looking at are skipped. */
async function claim(tx: Transaction, limit: number): ReturnType<ProbeStore["claim"]> {
  const { queries, dialect } = tx;
  const rows = await queries
    .selectFrom("connections")
    .select("id")
    .where("prove_at", "<=", egNow)
    .orderBy("prove_at")
    .limit(limit)
    .modifyEnd(dialect.skipLocked)
    .execute();
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return { looked: 0, due: [] };
  await queries
    .updateTable("connections")
    .set({ prove_at: sql<number>`eg_now() + ${sql.lit(DAY)}` })
    .where("id", "in", ids)
    .execute();
  const due = await dueOf(tx, ids);
  return { looked: ids.length, due: due.length === 0 ? [] : await snapshots(queries, due) };
}

async function dueOf({ queries }: Transaction, ids: readonly string[]): Promise<string[]> {
  const rows = await queries
    .selectFrom("connections")
    .innerJoin("clients", "clients.id", "connections.client_id")
    .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
    .select("connections.id")
    .where("connections.id", "in", ids)
    .where("connections.status", "in", LIVE)
    .where("clients.suspended_since", "is", null)
    .where("probe_every_days", ">", 0)
    .where(
      sql<number>`coalesce(connections.last_proven_at, connections.created_at)`,
      "<=",
      sql<number>`eg_now() - clients.probe_every_days * ${sql.lit(DAY)}`,
    )
    .where("access_token", "is not", null)
    .where((where) => where.or([where("expires_at", "is", null), where("expires_at", ">", egNow)]))
    .orderBy("connections.id")
    .execute();
  return rows.map(({ id }) => id);
}
