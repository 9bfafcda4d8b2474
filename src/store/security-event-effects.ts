import { isLive, type ConnectionStatus } from "../connection/connection.ts";
import type { Diagnosis } from "../connection/cause.ts";
import { NOTICE_LIFE, withNotice, type Notice } from "../connection/notice.ts";
import type { Effect } from "../security-event/effect.ts";
import type { NewSecurityEvent } from "../security-event/store.ts";
import { diagnosisColumn, noticeColumn, statusColumn } from "./connection-row.ts";
import { appendAll } from "./connection-writes.ts";
import { egNow } from "./now.ts";
import type { LeaseRow, Transaction } from "./transaction.ts";
import { updateFromValues } from "./update-from-values.ts";

/** Rows of one statement. */
const AT_ONCE = 500;

/** Does to the connections what an event does, and writes it into their history. Nothing of it condemns one. */
export async function applyEffect(
  tx: Transaction,
  event: NewSecurityEvent,
  effect: Effect,
  connectionIds: readonly string[],
): Promise<void> {
  for (let from = 0; from < connectionIds.length; from += AT_ONCE) {
    const held = await lock(tx, connectionIds.slice(from, from + AT_ONCE));
    await apply(tx, event, effect, held);
    const detail = { event: event.type, security_event: event.id };
    const entries = held.map(({ lease, tokens: { generation } }) => ({
      connectionId: lease.connection_id,
      entry: { kind: "security_event", generation, detail } as const,
    }));
    await appendAll(tx.queries, entries);
  }
}

async function apply(tx: Transaction, event: NewSecurityEvent, effect: Effect, held: readonly Held[]): Promise<void> {
  switch (effect.kind) {
    case "examine":
      return examine(tx, event, effect, held);
    case "revive":
      return revive(tx, effect, held);
    case "note":
    case "none":
      return;
  }
}

interface Held {
  lease: LeaseRow & { notice_read: Notice | null };
  tokens: { generation: number; sealedRefreshToken: Uint8Array | null };
  status: ConnectionStatus;
  diagnosis: Diagnosis | null;
  /** By the database's clock. */
  now: number;
}

/** Locked as every transition is, in the order in which others lock. */
async function lock({ queries, dialect }: Transaction, ids: readonly string[]): Promise<Held[]> {
  const leases = await queries
    .selectFrom("refresh_leases")
    .selectAll()
    .select(egNow.as("now"))
    .where("connection_id", "in", ids)
    .orderBy("connection_id")
    .modifyEnd(dialect.forUpdate)
    .execute();
  const rows = await queries
    .selectFrom("connections")
    .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
    .select(["connections.id", "status", "diagnosis", "generation", "refresh_token"])
    .where("connections.id", "in", ids)
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return leases.flatMap((lease) => {
    const row = byId.get(lease.connection_id);
    if (!row) return [];
    return {
      lease: { ...lease, notice_read: lease.notice === null ? null : noticeColumn.read(lease.notice) },
      tokens: { generation: row.generation, sealedRefreshToken: row.refresh_token },
      status: statusColumn.parse(row.status),
      diagnosis: row.diagnosis === null ? null : diagnosisColumn.read(row.diagnosis),
      now: lease.now,
    };
  });
}

/** What is over is not asked about again, and what waits for an operator waits on. */
async function examine(
  tx: Transaction,
  event: NewSecurityEvent,
  { cause, confidence, withholds }: Extract<Effect, { kind: "examine" }>,
  held: readonly Held[],
): Promise<void> {
  const rows = held
    .filter(({ status }) => isLive(status))
    .map(({ lease, tokens, status, now }) => {
      // An answer that is under way was asked for before, and proves nothing of what is now.
      const generation = tokens.generation + (lease.owner === null ? 0 : 1);
      const said = { event: event.type, at: now, until: now + NOTICE_LIFE, generation, cause, confidence, withholds };
      const notice = withNotice({ tokens, lease: { notice: lease.notice_read } }, said);
      const isDue = status !== "suspended" && (lease.due_at === null || lease.due_at > now);
      const dueAt = isDue ? now : lease.due_at;
      return { connection_id: lease.connection_id, notice: noticeColumn.write(notice), due_at: dueAt };
    });
  await updateFromValues(tx, "refresh_leases", "connection_id", rows);
}

/** What ended for this cause gets one attempt with the refresh token that was kept; what lives has nothing to fear from it any more. */
async function revive(
  tx: Transaction,
  { cause }: Extract<Effect, { kind: "revive" }>,
  held: readonly Held[],
): Promise<void> {
  const { queries } = tx;
  const relieved = held.filter(({ lease }) => lease.notice_read?.cause === cause);
  const ended = held.filter(
    ({ status, diagnosis, tokens }) =>
      status === "reauthorization_required" && diagnosis?.cause === cause && tokens.sealedRefreshToken !== null,
  );
  if (relieved.length > 0) {
    await queries
      .updateTable("refresh_leases")
      .set({ notice: null })
      .where("connection_id", "in", idsOf(relieved))
      .execute();
  }
  if (ended.length === 0) return;
  await queries
    .updateTable("connections")
    .set({ status: "degraded", status_since: egNow })
    .where("id", "in", idsOf(ended))
    .execute();
  await queries
    .updateTable("refresh_leases")
    .set({ due_at: egNow })
    .where("connection_id", "in", idsOf(ended))
    .execute();
  await appendAll(
    queries,
    ended.map(({ lease, tokens: { generation } }) => ({
      connectionId: lease.connection_id,
      entry: { kind: "degraded", generation, detail: { cause } } as const,
    })),
  );
}

function idsOf(held: readonly Held[]): string[] {
  return held.map(({ lease }) => lease.connection_id);
}
