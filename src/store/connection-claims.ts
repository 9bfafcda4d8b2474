import { crc32 } from "node:zlib";
import { sql } from "kysely";
import {
  QUARANTINE,
  refusalOf,
  type Claim,
  type ClaimRequest,
  type ClaimResult,
  type DueRequest,
} from "../connection/claim.ts";
import { isLive } from "../connection/connection.ts";
import type { ClaimedSnapshot, RefreshLease } from "../connection/store.ts";
import { SILENCE } from "../refresh/instances.ts";
import { leaseOf, statusColumn } from "./connection-row.ts";
import { snapshots } from "./connection-snapshots.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { isSilent, noteSignOfLife, unverifiedInstances } from "./unverified-instances.ts";
import { lockLease, updateLease, type LeaseRow, type Transaction } from "./transaction.ts";

export async function claim(tx: Transaction, request: ClaimRequest): Promise<ClaimResult> {
  const { connectionId, generation } = request;
  const lease = await lockLease(tx, connectionId);
  const facts = lease && (await factsAbout(tx, lease, request.owner));
  if (facts?.isSilent) await noteSignOfLife(tx, request.owner);
  if (!facts || facts.generation !== generation || !isLive(facts.status)) return { kind: "moved" };
  const { now } = facts;
  const unresolved = lease.attempt_generation === generation;
  const refusal = refusalOf(
    {
      now,
      owner: lease.owner,
      ownerLives: facts.heartbeatAt !== null && facts.heartbeatAt > now - SILENCE,
      leaseUntil: lease.lease_until,
      backoffUntil: lease.backoff_until,
      firstSentAt: unresolved ? lease.attempt_at : null,
      overtaken: lease.answer_owner,
      answerUntil: lease.answer_until,
      steadySince: facts.isSilent ? now : facts.steadySince,
      unverified: facts.unverified > 0,
    },
    request,
  );
  if (refusal) return refusal;
  const again = lease.owner === request.owner;
  const taken = {
    epoch: lease.epoch + 1,
    owner: request.owner,
    lease_until: now + request.leaseMs,
    attempt_generation: generation,
    attempt_at: (unresolved ? lease.attempt_at : null) ?? now,
    unanswered: unresolved ? lease.unanswered + (again ? 0 : 1) : 1,
    ...(unresolved ? overtaken(lease, request) : { answer_owner: null, answer_until: 0 }),
  };
  await updateLease(tx, connectionId).set(taken).execute();
  return { kind: "claimed", claim: claimOf(connectionId, leaseOf({ ...lease, ...taken })) };
}

/** Who is overtaken in mid-exchange where that does no harm now may come back when a replay would do some. */
function overtaken({ owner, lease_until, answer_owner, answer_until }: LeaseRow, request: ClaimRequest) {
  const until = lease_until + QUARANTINE;
  const isOvertaken = owner !== null && owner !== request.owner && owner !== request.gone && until > answer_until;
  return isOvertaken ? { answer_owner: owner, answer_until: until } : { answer_owner, answer_until };
}

export async function reassert(tx: Transaction, claimed: Claim, leaseMs: number): Promise<number | null> {
  const { connectionId, generation, owner } = claimed;
  const lease = await lockLease(tx, connectionId);
  const facts = lease && (await factsAbout(tx, lease, owner));
  if (!facts || facts.generation !== generation) return null;
  const unresolved = lease.attempt_generation === generation;
  if (lease.owner !== null && lease.owner !== owner) {
    await noteAnswerToCome(tx, lease, { claimed, until: facts.now + leaseMs + QUARANTINE });
    return null;
  }
  // Never an epoch that was in use before the database lost it.
  const epoch = Math.max(lease.epoch, claimed.epoch) + 1;
  await updateLease(tx, connectionId)
    .set({
      epoch,
      owner,
      lease_until: facts.now + leaseMs,
      attempt_generation: generation,
      attempt_at: (unresolved ? lease.attempt_at : null) ?? facts.now,
      unanswered: unresolved ? lease.unanswered : 1 + (claimed.earlier?.count ?? 0),
    })
    .execute();
  return epoch;
}

/** Somebody else has claimed what is being sent: it is to know that, and to wait where a second request does harm. */
async function noteAnswerToCome(
  tx: Transaction,
  lease: LeaseRow,
  { claimed, until }: { claimed: Claim; until: number },
): Promise<void> {
  const { connectionId, generation, owner } = claimed;
  const unresolved = lease.attempt_generation === generation;
  await updateLease(tx, connectionId)
    .set({
      attempt_generation: generation,
      attempt_at: unresolved ? lease.attempt_at : egNow,
      unanswered: (unresolved ? lease.unanswered : 0) + 1,
      answer_owner: owner,
      answer_until: until,
    })
    .execute();
}

/** Read after the lock, so that nothing of it can change until the transaction ends. */
async function factsAbout({ queries }: Transaction, lease: LeaseRow, claimer: string) {
  const row = await queries
    .selectFrom("connections")
    .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
    .leftJoin("instances", (join) => join.on("instances.id", "=", lease.owner ?? ""))
    .select(["connections.status", "token_sets.generation", "instances.heartbeat_at"])
    .select([egNow.as("now"), unverifiedInstances(claimer).as("unverified"), isSilent(claimer).as("is_silent")])
    .select((select) =>
      select
        .selectFrom("instances as claimer")
        .select("claimer.steady_since")
        .where("claimer.id", "=", claimer)
        .as("steady_since"),
    )
    .where("connections.id", "=", lease.connection_id)
    .executeTakeFirst();
  if (!row) return undefined;
  const { now, generation, unverified, heartbeat_at: heartbeatAt } = row;
  const status = statusColumn.parse(row.status);
  return {
    now,
    generation,
    unverified,
    heartbeatAt,
    status,
    isSilent: Boolean(row.is_silent),
    steadySince: row.steady_since ?? 0,
  };
}

export async function claimDue(tx: Transaction, request: DueRequest): Promise<ClaimedSnapshot[]> {
  await noteSignOfLife(tx, request.owner);
  const ids = await lockDue(tx, request);
  if (ids.length === 0) return [];
  const unresolved = sql<boolean>`attempt_generation = (select generation from token_sets
    where token_sets.connection_id = refresh_leases.connection_id)`;
  await tx.queries
    .updateTable("refresh_leases")
    .set({
      epoch: sql`epoch + 1`,
      owner: request.owner,
      lease_until: sql`eg_now() + ${request.leaseMs}`,
      attempt_at: sql`case when ${unresolved} then attempt_at else eg_now() end`,
      unanswered: sql`case when ${unresolved} then unanswered + 1 else 1 end`,
      attempt_generation: sql`(select generation from token_sets
        where token_sets.connection_id = refresh_leases.connection_id)`,
    })
    .where("connection_id", "in", ids)
    .execute();
  const taken = await snapshots(tx.queries, ids);
  const byId = new Map(taken.map((held) => [held.connection.id, held]));
  return ids.flatMap((id) => {
    const held = byId.get(id);
    return held ? [{ claim: claimOf(id, held.lease), held }] : [];
  });
}

/** Rows that another process is claiming at this moment are skipped, so that processes share the work instead of queueing. */
async function lockDue(tx: Transaction, request: DueRequest): Promise<string[]> {
  const { room, limit, owner } = request;
  const due = selectDue(tx, request);
  if (!room) return idsOf(await due.limit(limit).modifyEnd(tx.dialect.skipLocked).execute());
  const candidates = await due.limit(CANDIDATES).execute();
  const picked = pickByRoom(candidates.length < CANDIDATES ? candidates : turned(candidates, owner), room, limit);
  if (picked.length === 0) return [];
  return idsOf(await due.where("connection_id", "in", picked).modifyEnd(tx.dialect.skipLocked).execute());
}

/** Of more that is due than this, the longest due are looked at. */
const CANDIDATES = 1000;

function selectDue({ queries }: Transaction, request: DueRequest) {
  return queries
    .selectFrom("refresh_leases")
    .select(["connection_id", "client_id"])
    .where("due_at", "<=", egNow)
    .where("owner", "is", null)
    .where("backoff_until", "<=", egNow)
    .where("answer_until", "<=", egNow)
    .where(unverifiedInstances(request.owner), "=", 0)
    .where("client_id", "not in", (clients) => clients.selectFrom("clients").select("id").where("probe_at", ">", egNow))
    .$if(request.exceptClients.length > 0, (select) => select.where("client_id", "not in", request.exceptClients))
    .orderBy("due_at");
}

type Candidate = Pick<LeaseRow, "connection_id" | "client_id">;

function idsOf(rows: readonly Candidate[]): string[] {
  return rows.map((row) => row.connection_id);
}

/** With a backlog, each instance begins elsewhere, so that they do not all reach for the same ones. */
function turned(candidates: readonly Candidate[], owner: string): Candidate[] {
  const start = crc32(owner) % candidates.length;
  return [...candidates.slice(start), ...candidates.slice(0, start)];
}

function pickByRoom(
  candidates: readonly Candidate[],
  { byClient, otherwise }: NonNullable<DueRequest["room"]>,
  limit: number,
): string[] {
  const taken = new Map<string, number>();
  const picked: string[] = [];
  for (const { connection_id: id, client_id: clientId } of candidates) {
    const count = taken.get(clientId) ?? 0;
    if (count >= (byClient.get(clientId) ?? otherwise)) continue;
    taken.set(clientId, count + 1);
    picked.push(id);
    if (picked.length === limit) break;
  }
  return picked;
}

function claimOf(connectionId: string, lease: RefreshLease): Claim {
  const { epoch, unanswered } = lease;
  return {
    connectionId,
    generation: lease.attemptGeneration ?? 0,
    owner: lease.owner ?? "",
    epoch,
    earlier: unanswered > 1 ? { count: unanswered - 1, firstAt: lease.attemptAt ?? 0 } : null,
  };
}

export async function orphans(queries: Queries, limit: number): Promise<string[]> {
  const abandoned = await queries
    .selectFrom("refresh_leases")
    .select("connection_id")
    .where("due_at", "<=", egNow)
    .where("owner", "is", null)
    .where("backoff_until", "<=", egNow)
    .where("answer_until", ">", egNow)
    .orderBy("due_at")
    .limit(limit)
    .execute();
  const rows = await queries
    .selectFrom("refresh_leases")
    .leftJoin("instances", "instances.id", "refresh_leases.owner")
    .select("connection_id")
    .where("owner", "is not", null)
    .where((where) =>
      where.or([
        where("lease_until", "<=", egNow),
        where("heartbeat_at", "is", null),
        where("heartbeat_at", "<=", sql<number>`eg_now() - ${sql.lit(SILENCE)}`),
      ]),
    )
    .orderBy("lease_until")
    .limit(limit)
    .execute();
  return [...abandoned, ...rows].slice(0, limit).map((row) => row.connection_id);
}

export async function stands(queries: Queries, held: Claim): Promise<boolean> {
  const row = await queries
    .selectFrom("refresh_leases")
    .innerJoin("token_sets", "token_sets.connection_id", "refresh_leases.connection_id")
    .select("refresh_leases.epoch")
    .where("refresh_leases.connection_id", "=", held.connectionId)
    .where("epoch", "=", held.epoch)
    .where("owner", "=", held.owner)
    .where("generation", "=", held.generation)
    .executeTakeFirst();
  return row !== undefined;
}

export async function claimedBy(queries: Queries, owner: string): Promise<string[]> {
  const rows = await queries
    .selectFrom("refresh_leases")
    .select("connection_id")
    .where("owner", "=", owner)
    .orderBy("connection_id")
    .execute();
  return rows.map((row) => row.connection_id);
}
