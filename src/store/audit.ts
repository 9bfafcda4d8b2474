import { sql, type Selectable } from "kysely";
import { z } from "zod";
import type { Act, ActDetail, AuditCheckpoint, AuditEntry, AuditQuery, AuditStore } from "../access/audit.ts";
import { CHECKPOINT_EVERY, chainHash, GENESIS, signCheckpoint, signHead } from "../access/audit-chain.ts";
import type { Secret } from "../runtime/secret.ts";
import type { Database, Queries } from "./database.ts";
import { jsonColumn } from "./json-column.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

const detailColumn = jsonColumn(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])));

export function createAuditStore(database: Database, key: Secret<Uint8Array>): AuditStore {
  const transact = inTransaction(database);
  return {
    list: (query) => database.read(async (queries) => (await list(queries, query)).map(entryOf)),
    following: (tenantId, after, limit) =>
      database.read(async (queries) => {
        const rows = queries.selectFrom("audit").selectAll().where("tenant_id", "=", tenantId).where("seq", ">", after);
        return (await rows.orderBy("seq").limit(limit).execute()).map(entryOf);
      }),
    tenants: () => database.read(tenants),
    head: (tenantId) =>
      database.read(async (queries) => {
        const row = await queries
          .selectFrom("audit_heads")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .executeTakeFirst();
        return row ? { tenantId, seq: row.seq, hash: row.hash, signature: row.signature } : null;
      }),
    checkpoints: (tenantId) =>
      database.read(async (queries) => {
        const rows = queries.selectFrom("audit_checkpoints").selectAll().where("tenant_id", "=", tenantId);
        const found = await rows.orderBy("seq").execute();
        return found.map(({ seq, hash, at, signature }) => ({ tenantId, seq, hash, at, signature }));
      }),
    makeCheckpoints: async (everyMs) => {
      const grown = await database.read((queries) => grownSince(queries, everyMs));
      const made = [];
      for (const tenantId of grown) made.push(await transact((tx) => checkpointOf(tx, key, tenantId)));
      return made;
    },
  };
}

type HeadRow = Selectable<Schema["audit_heads"]>;

/**
 * Writes an act down at the end of its tenant's chain, in the transaction of the act. The head is locked last of all, so that
 * nobody who holds it waits for anything else.
 */
export async function appendAct(tx: Transaction, key: Secret<Uint8Array>, act: Act): Promise<void> {
  const head = await lockHead(tx, act.tenantId);
  const at = await now(tx.queries);
  const seq = head.seq + 1;
  const hash = chainHash(head.hash, { ...act, seq, at });
  await tx.queries
    .insertInto("audit")
    .values({
      tenant_id: act.tenantId,
      seq,
      at,
      act: act.name,
      actor_kind: act.actor.kind,
      actor_id: act.actor.id,
      object_id: act.objectId,
      from_address: act.from,
      detail: detailColumn.write(act.detail),
      hash,
    })
    .execute();
  const signature = signHead(key, { tenantId: act.tenantId, seq, hash });
  await updateHead(tx.queries, act.tenantId).set({ seq, hash, signature }).execute();
  if (seq - head.checkpoint_seq < CHECKPOINT_EVERY) return;
  await insertCheckpoint(tx.queries, key, { tenantId: act.tenantId, seq, hash, at });
}

/** The head of a tenant's chain, which is made with its first act. */
async function lockHead({ queries, dialect }: Transaction, tenantId: string): Promise<HeadRow> {
  const select = queries
    .selectFrom("audit_heads")
    .selectAll()
    .where("tenant_id", "=", tenantId)
    .modifyEnd(dialect.forUpdate);
  const known = await select.executeTakeFirst();
  if (known) return known;
  await queries
    .insertInto("audit_heads")
    .values({ tenant_id: tenantId, seq: 0, hash: GENESIS, signature: "", checkpoint_seq: 0, checkpoint_at: egNow })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return select.executeTakeFirstOrThrow();
}

function updateHead(queries: Queries, tenantId: string) {
  return queries.updateTable("audit_heads").where("tenant_id", "=", tenantId);
}

async function checkpointOf(tx: Transaction, key: Secret<Uint8Array>, tenantId: string): Promise<AuditCheckpoint> {
  const { seq, hash } = await lockHead(tx, tenantId);
  return insertCheckpoint(tx.queries, key, { tenantId, seq, hash, at: await now(tx.queries) });
}

/** Another instance may have made one of the same entry. */
async function insertCheckpoint(
  queries: Queries,
  key: Secret<Uint8Array>,
  { tenantId, seq, hash, at }: Omit<AuditCheckpoint, "signature">,
): Promise<AuditCheckpoint> {
  const signature = signCheckpoint(key, { tenantId, seq, hash, at });
  await queries
    .insertInto("audit_checkpoints")
    .values({ tenant_id: tenantId, seq, hash, at, signature })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await updateHead(queries, tenantId).set({ checkpoint_seq: seq, checkpoint_at: at }).execute();
  return { tenantId, seq, hash, at, signature };
}

async function grownSince(queries: Queries, everyMs: number): Promise<string[]> {
  const rows = await queries
    .selectFrom("audit_heads")
    .select("tenant_id")
    .whereRef("seq", ">", "checkpoint_seq")
    .where("checkpoint_at", "<=", sql<number>`eg_now() - cast(${everyMs} as bigint)`)
    .orderBy("tenant_id")
    .execute();
  return rows.map((row) => row.tenant_id);
}

/** Also of what should have a head and has none any more. */
async function tenants(queries: Queries): Promise<string[]> {
  const rows = await queries
    .selectFrom("audit")
    .select("tenant_id")
    .union(queries.selectFrom("audit_heads").select("tenant_id"))
    .union(queries.selectFrom("audit_checkpoints").select("tenant_id"))
    .execute();
  return rows.map((row) => row.tenant_id).toSorted();
}

function list(queries: Queries, query: AuditQuery) {
  const { before, act, actorId, objectId, since, until } = query;
  return queries
    .selectFrom("audit")
    .selectAll()
    .where("tenant_id", "=", query.tenantId)
    .$if(before !== null, (select) => select.where("seq", "<", before ?? 0))
    .$if(act !== null, (select) => select.where("act", "=", act ?? ""))
    .$if(actorId !== null, (select) => select.where("actor_id", "=", actorId))
    .$if(objectId !== null, (select) => select.where("object_id", "=", objectId))
    .$if(since !== null, (select) => select.where("at", ">=", since ?? 0))
    .$if(until !== null, (select) => select.where("at", "<", until ?? 0))
    .orderBy("seq", "desc")
    .limit(query.limit)
    .execute();
}

async function now(queries: Queries): Promise<number> {
  return (await queries.selectNoFrom(egNow.as("now")).executeTakeFirstOrThrow()).now;
}

function entryOf(row: Selectable<Schema["audit"]>): AuditEntry {
  return {
    tenantId: row.tenant_id,
    seq: row.seq,
    at: row.at,
    name: row.act,
    actor: { kind: row.actor_kind, id: row.actor_id },
    objectId: row.object_id,
    from: row.from_address,
    detail: readDetail(row.detail),
    hash: row.hash,
  };
}

/** What somebody has made unreadable is not what was written, and its hash tells. */
function readDetail(text: string): ActDetail {
  try {
    return detailColumn.read(text);
  } catch {
    return { unreadable: true };
  }
}
