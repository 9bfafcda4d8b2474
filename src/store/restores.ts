import { sql, type Selectable } from "kysely";
import { SILENCE } from "../refresh/instances.ts";
import { ageSeenFrom, hasFailedOver, type Followed, type Past, type RestoreStore } from "../refresh/restores.ts";
import type { Database, Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { HELD, holdAmong, WINDOW, windowOf } from "./restore-hold.ts";
import { raise } from "./restore-raise.ts";
import { release } from "./restore-release.ts";
import type { Schema } from "./schema.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

type Installation = Selectable<Schema["installation"]>;

export function createRestoreStore(database: Database): RestoreStore {
  const transact = inTransaction(database);
  return {
    past: () =>
      database.read(async (queries) => {
        const installation = await queries.selectFrom("installation").selectAll().executeTakeFirst();
        return installation ? pastOf(installation, await now(queries), await living(queries)) : null;
      }),
    follow: (followed) => transact((tx) => follow(tx, followed)),
    mark: (from) =>
      transact(async (tx) => {
        await lockInstallation(tx);
        await tx.queries
          .updateTable("installation")
          .set(markOf(from, await now(tx.queries)))
          .execute();
      }),
    hold: (knowledge) =>
      transact(async (tx) => {
        const { hold_after: after, ...installation } = await lockInstallation(tx);
        if (after === null) return { held: 0, done: true };
        const ids = await windowOf(tx.queries, after);
        const held = await holdAmong(tx, ids, { knowledge, evidence: evidenceOf(installation) });
        const next = ids.length < WINDOW ? null : (ids.at(-1) ?? null);
        await tx.queries.updateTable("installation").set({ hold_after: next }).execute();
        return { held, done: next === null };
      }),
    holdAmong: async (ids, knowledge) => {
      let held = 0;
      for (let start = 0; start < ids.length; start += WINDOW) {
        held += await transact(async (tx) => {
          const evidence = evidenceOf(await lockInstallation(tx));
          return holdAmong(tx, ids.slice(start, start + WINDOW), { knowledge, evidence });
        });
      }
      return held;
    },
    raise: (commits) => transact((tx) => raise(tx, commits)),
    release: (connectionId) => transact((tx) => release(tx, connectionId)),
    held: () =>
      database.read(async (queries) => {
        const { count } = await queries
          .selectFrom("connections")
          .select((select) => select.fn.countAll<number>().as("count"))
          .where(HELD)
          .executeTakeFirstOrThrow();
        return count;
      }),
  };
}

async function follow(tx: Transaction, followed: Followed | null): Promise<Past> {
  const before = await lockInstallation(tx);
  const at = await now(tx.queries);
  const past = pastOf(before, at, []);
  const mark = followed !== null && wasRestored(past, followed) ? markOf(ageSeenFrom(past, followed.at), at) : {};
  const changes = { beats: before.beats + 1, beat_at: at, ...mark };
  await tx.queries.updateTable("installation").set(changes).execute();
  return pastOf({ ...before, ...changes }, at, await living(tx.queries));
}

/** One at a time: what one process finds out about the past, the next one knows. */
function lockInstallation({ queries, dialect }: Transaction): Promise<Installation> {
  return queries.selectFrom("installation").selectAll().modifyEnd(dialect.forUpdate).executeTakeFirstOrThrow();
}

function wasRestored(past: Past, followed: Followed): boolean {
  const { beats, restore } = past;
  const isKnown = restore !== null && (restore.pending || restore.at > followed.at);
  return beats < followed.beats && !isKnown && !hasFailedOver(past, followed);
}

function markOf(from: number, at: number) {
  return { restored_at: at, restored_from: from, hold_after: "" };
}

function evidenceOf({ restored_at, restored_from }: Pick<Installation, "restored_at" | "restored_from">) {
  return { restored_at, as_of: restored_from === 0 ? null : restored_from };
}

async function now(queries: Queries): Promise<number> {
  return (await queries.selectNoFrom(egNow.as("now")).executeTakeFirstOrThrow()).now;
}

async function living(queries: Queries): Promise<string[]> {
  const rows = await queries
    .selectFrom("instances")
    .select("id")
    .where("heartbeat_at", ">", sql<number>`eg_now() - ${sql.lit(SILENCE)}`)
    .orderBy("id")
    .execute();
  return rows.map(({ id }) => id);
}

function pastOf(row: Installation, at: number, ids: string[]): Past {
  const { id, clone, beats, restored_at: restoredAt, hold_after: holdAfter } = row;
  return {
    installation: id,
    clone,
    clonedAt: row.cloned_at,
    now: at,
    beats,
    beatAt: row.beat_at,
    backupTakenAt: row.backup_taken_at,
    living: ids,
    restore: restoredAt === null ? null : { at: restoredAt, from: row.restored_from ?? 0, pending: holdAfter !== null },
  };
}
