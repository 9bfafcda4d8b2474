import { sql, type RawBuilder } from "kysely";
import type { Claim } from "../connection/claim.ts";
import { isLive, type RefreshPolicy } from "../connection/connection.ts";
import type { NewHistoryEntry } from "../connection/history.ts";
import type { Postponement, Rejection, RejectionResult, ResolvedAttempt, StatusChange } from "../connection/store.ts";
import { diagnosisColumn, statusColumn } from "./connection-row.ts";
import { append, updateConnection } from "./connection-writes.ts";
import { egNow } from "./now.ts";
import { wasReprieved } from "./reprieve.ts";
import { spares } from "./spares.ts";
import {
  AT_REST,
  generationOf,
  holds,
  lockLease,
  updateLease,
  WELL,
  type LeaseRow,
  type Transaction,
} from "./transaction.ts";
import { revokeOfConnection } from "./virtual-refresh-tokens.ts";

/** Locks the connection if the claim still stands; a claim that was overtaken says nothing any more. */
async function lockClaimed(tx: Transaction, claim: Claim): Promise<LeaseRow | null> {
  const lease = await lockLease(tx, claim.connectionId);
  if (!lease || !holds(claim, lease)) return null;
  if ((await generationOf(tx, claim.connectionId)) === claim.generation) return lease;
  await updateLease(tx, claim.connectionId).set(AT_REST).execute();
  return null;
}

/** The lease after an attempt: free, and with one unresolved send less if its answer is known. */
function resolved(lease: LeaseRow, answered: boolean) {
  const unanswered = lease.unanswered - (answered ? 1 : 0);
  return unanswered > 0 ? { owner: null, lease_until: 0, unanswered } : AT_REST;
}

/** An instance whose clock is wrong waits as long as others. */
function fromNow(ms: number): RawBuilder<number> {
  return sql<number>`eg_now() + ${ms}`;
}

export async function postpone(tx: Transaction, postponement: Postponement): Promise<void> {
  const { claim, answered, diagnosis, history } = postponement;
  const lease = await lockClaimed(tx, claim);
  if (!lease) return;
  const backoffUntil = fromNow(postponement.backoffMs);
  await updateLease(tx, claim.connectionId)
    .set({
      ...resolved(lease, answered),
      backoff_until: backoffUntil,
      // What is never due by itself stays so, unless an answer was lost; everything else waits for the end of the back-off.
      due_at: answered && lease.due_at === null ? null : backoffUntil,
      failures: lease.failures + 1,
      cause: diagnosis.cause,
    })
    .execute();
  if (history) await append(tx.queries, claim.connectionId, [history]);
  if (postponement.degrade) await degrade(tx, postponement);
}

/** `active` becomes `degraded` once; a connection that already is one learns the newest reason. */
async function degrade({ queries }: Transaction, { claim, diagnosis }: Pick<Postponement, "claim" | "diagnosis">) {
  const { connectionId, generation } = claim;
  const degraded = await updateConnection(queries, connectionId)
    .set({ status: "degraded", status_since: egNow })
    .where("status", "=", "active")
    .executeTakeFirst();
  await updateConnection(queries, connectionId)
    .set({ diagnosis: diagnosisColumn.write(diagnosis) })
    .where("status", "=", "degraded")
    .execute();
  if (degraded.numUpdatedRows === 0n) return;
  await append(queries, connectionId, [{ kind: "degraded", generation, detail: { cause: diagnosis.cause } }]);
}

export async function release(
  tx: Transaction,
  attempt: ResolvedAttempt,
  dueAt: number | null | undefined,
): Promise<void> {
  const lease = await lockClaimed(tx, attempt.claim);
  if (!lease) return;
  await updateLease(tx, attempt.claim.connectionId)
    .set({ ...resolved(lease, attempt.answered), ...(dueAt !== undefined && { due_at: dueAt }) })
    .execute();
}

export async function reject(tx: Transaction, rejection: Rejection): Promise<RejectionResult> {
  const { claim, diagnosis, brake, history, confirmAfterMs } = rejection;
  const lease = await lockClaimed(tx, claim);
  if (!lease) return "superseded";
  const now = await noteRejection(tx, lease, claim.generation);
  // Somebody has set a token aside since the refresh looked for one.
  if ((await spares(tx.queries, claim.connectionId)).length > 0) {
    await updateLease(tx, claim.connectionId).set(AT_REST).execute();
    return "superseded";
  }
  const since = lease.rejected_at ?? now;
  const isReprieved = await wasReprieved(tx.queries, claim);
  if (brake && !isReprieved && now - since < brake.patienceMs) {
    if (await isBraked(tx, lease, { since: now - brake.windowMs, tolerated: brake.tolerated })) {
      await holdBack(tx, lease, rejection, now + brake.backoffMs);
      return "braked";
    }
  }
  if (!isReprieved && confirmAfterMs !== null && now < since + confirmAfterMs) {
    await holdBack(tx, lease, rejection, since + confirmAfterMs);
    return "unconfirmed";
  }
  const change = { ...claim, status: "reauthorization_required", diagnosis, history } as const;
  await changeStatus(tx, change);
  return "ended";
}

/** The rejection is noted and not believed: the connection goes on as a degraded one, and asks again at `until`. */
async function holdBack(tx: Transaction, lease: LeaseRow, rejection: Rejection, until: number): Promise<void> {
  const { claim, diagnosis, history } = rejection;
  const { connectionId, generation } = claim;
  await updateLease(tx, connectionId)
    .set({ ...AT_REST, backoff_until: until, due_at: until, failures: lease.failures + 1, cause: diagnosis.cause })
    .execute();
  if (lease.rejected_at === null) {
    await append(tx.queries, connectionId, [{ kind: "rejection_held", generation, detail: history.detail }]);
  }
  await degrade(tx, rejection);
}

async function noteRejection(tx: Transaction, { connection_id, rejected_at }: LeaseRow, generation: number) {
  const { now } = await tx.queries.selectNoFrom(egNow.as("now")).executeTakeFirstOrThrow();
  await updateLease(tx, connection_id)
    .set({ rejected_at: rejected_at ?? now, last_rejected_at: now, rejected_generation: generation })
    .execute();
  return now;
}

/**
 * Too many connections of the client were rejected lately, this one included; or some still are held back since that was so,
 * because then nobody has found out yet what is wrong.
 */
async function isBraked(
  { queries }: Transaction,
  { connection_id, client_id }: LeaseRow,
  { since, tolerated }: { since: number; tolerated: number },
): Promise<boolean> {
  const rejected = queries
    .selectFrom("refresh_leases")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("client_id", "=", client_id)
    .where("last_rejected_at", "is not", null);
  const lately = await rejected.where("last_rejected_at", ">", since).executeTakeFirstOrThrow();
  if (lately.count > tolerated) return true;
  const heldBack = await rejected
    .where("rejected_at", "is not", null)
    .where("connection_id", "<>", connection_id)
    .executeTakeFirstOrThrow();
  return heldBack.count > 0;
}

export async function setStatus(tx: Transaction, change: StatusChange): Promise<"changed" | "superseded"> {
  await lockLease(tx, change.connectionId);
  if ((await generationOf(tx, change.connectionId)) !== change.generation) return "superseded";
  await changeStatus(tx, change);
  return "changed";
}

/** Once: a repetition, because the answer to the first time was lost, is no second change. */
async function changeStatus(tx: Transaction, change: Omit<StatusChange, "generation">): Promise<void> {
  const { connectionId, status, diagnosis } = change;
  const changed = await updateConnection(tx.queries, connectionId)
    .set({ status, status_since: egNow, diagnosis: diagnosis && diagnosisColumn.write(diagnosis) })
    .where("status", "<>", status)
    .executeTakeFirst();
  if (changed.numUpdatedRows === 0n) return;
  if (!isLive(status)) await rest(tx, connectionId);
  await append(tx.queries, connectionId, [change.history]);
}

/** What is over is not due, whatever its policy. */
export async function setPolicy(
  tx: Transaction,
  id: string,
  { policy, dueAt }: { policy: RefreshPolicy; dueAt: number | null },
): Promise<void> {
  await lockLease(tx, id);
  const changed = await updateConnection(tx.queries, id).set({ policy }).returning("status").executeTakeFirst();
  if (!changed || !isLive(statusColumn.parse(changed.status))) return;
  await updateLease(tx, id).set({ due_at: dueAt }).execute();
}

export async function disconnect(tx: Transaction, id: string, history: NewHistoryEntry): Promise<void> {
  const { queries } = tx;
  await lockLease(tx, id);
  const ended = await updateConnection(queries, id)
    .set((column) => ({
      status: "disconnected",
      status_since: egNow,
      diagnosis: null,
      missing_scopes: "[]",
      claims: null,
      link_epoch: column("link_epoch", "+", 1),
    }))
    .where("status", "<>", "disconnected")
    .executeTakeFirst();
  // A repetition, because the answer to the first time was lost.
  if (ended.numUpdatedRows === 0n) return;
  // The row stays without its tokens, because it counts the generations. The next one begins, so that a refresh that is
  // under way is superseded and cannot bring the connection back.
  await queries
    .updateTable("token_sets")
    .set((set) => ({ generation: set("generation", "+", 1), access_token: null, refresh_token: null }))
    .where("connection_id", "=", id)
    .execute();
  await queries.deleteFrom("spare_token_sets").where("connection_id", "=", id).execute();
  await revokeOfConnection(queries, id);
  await rest(tx, id);
  await append(queries, id, [history]);
}

/** Nothing is due for a connection that is over. */
async function rest(tx: Transaction, id: string): Promise<void> {
  await updateLease(tx, id)
    .set({ ...WELL, due_at: null })
    .execute();
}
