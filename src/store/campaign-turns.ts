import { sql } from "kysely";
import type { EventType } from "../event/event.ts";
import { nextAskAt } from "../incident/campaign.ts";
import { afterQuietHours } from "../incident/quiet-hours.ts";
import { quietHoursColumn, remindersColumn } from "./campaign-columns.ts";
import type { Queries } from "./database.ts";
import { LACKS } from "./needs-its-user.ts";
import { egNow } from "./now.ts";
import { announce } from "./outbox.ts";
import { lockLease, type Transaction } from "./transaction.ts";

/** `CampaignStore.ask` says how. */
export async function askDue(tx: Transaction, limit: number): Promise<number> {
  const { queries, dialect } = tx;
  const due = await queries
    .selectFrom("campaign_members")
    .select(["campaign_id", "connection_id"])
    .where("outcome", "is", null)
    .where("next_at", "<=", egNow)
    .orderBy("next_at")
    .limit(limit)
    .modifyEnd(dialect.skipLocked)
    .execute();
  // In the order in which others lock several leases.
  const inOrder = due.toSorted((a, b) => (a.connection_id < b.connection_id ? -1 : 1));
  for (const { campaign_id: campaignId, connection_id: connectionId } of inOrder) {
    // Nobody is asked about a connection that is healed at this moment.
    await lockLease(tx, connectionId);
    await takeTurn(queries, await turnOf(queries, campaignId, connectionId));
  }
  return due.length;
}

type Turn = Awaited<ReturnType<typeof turnOf>>;

function turnOf(queries: Queries, campaignId: string, connectionId: string) {
  return queries
    .selectFrom("campaign_members")
    .innerJoin("campaigns", "campaigns.id", "campaign_members.campaign_id")
    .innerJoin("connections", "connections.id", "campaign_members.connection_id")
    .select(["campaign_id", "connection_id", "asked", "first_asked_at", "remind_after", "quiet_hours"])
    .select([
      "to_client_id",
      "status",
      "connections.client_id",
      "connections.tenant_id",
      "campaigns.incident_id",
      sql<number>`case when ${LACKS} then 1 else 0 end`.as("lacks"),
      egNow.as("now"),
    ])
    .where("campaign_id", "=", campaignId)
    .where("connection_id", "=", connectionId)
    .executeTakeFirstOrThrow();
}

async function takeTurn(queries: Queries, turn: Turn): Promise<void> {
  const { now, asked } = turn;
  const plan = planOf(turn);
  const firstAskedAt = turn.first_asked_at;
  const turnAt = firstAskedAt === null ? now : nextAskAt(plan, { asked, firstAskedAt });
  const askAt = turnAt === null ? null : afterQuietHours(Math.max(turnAt, now), plan.quietHours);
  if (askAt === null || askAt > now || !isWaiting(turn))
    return setMember(queries, turn, { next_at: isWaiting(turn) ? askAt : null });
  await announceTurn(queries, turn);
  const first = firstAskedAt ?? now;
  const nextAt = nextAskAt(plan, { asked: asked + 1, firstAskedAt: first });
  await setMember(queries, turn, { asked: asked + 1, first_asked_at: first, last_asked_at: now, next_at: nextAt });
}

/** One that is well, or gone, has its outcome soon. */
function isWaiting({ status, lacks, client_id, to_client_id }: Turn): boolean {
  if (to_client_id !== null) return status !== "disconnected" && client_id !== to_client_id;
  return status === "reauthorization_required" || status === "degraded" || (status === "active" && lacks === 1);
}

function planOf({ remind_after, quiet_hours }: Turn) {
  return {
    remindAfter: remindersColumn.read(remind_after),
    quietHours: quiet_hours === null ? null : quietHoursColumn.read(quiet_hours),
  };
}

function announceTurn(queries: Queries, turn: Turn): Promise<void> {
  return announce(queries, {
    type: typeOf(turn),
    tenantId: turn.tenant_id,
    connectionId: turn.connection_id,
    clientId: turn.client_id,
    incidentId: turn.incident_id,
    detail: { campaign: turn.campaign_id, request: turn.asked + 1 },
  });
}

/** One that moves works as yet, and ends with its client. */
function typeOf({ status, lacks }: Turn): EventType {
  if (status === "reauthorization_required") return "connection.reauthorization_required";
  return status === "degraded" || lacks === 1 ? "connection.degraded" : "connection.expiring";
}

async function setMember(
  queries: Queries,
  { campaign_id, connection_id }: Turn,
  columns: { next_at: number | null; asked?: number; first_asked_at?: number; last_asked_at?: number },
): Promise<void> {
  await queries
    .updateTable("campaign_members")
    .set(columns)
    .where("campaign_id", "=", campaign_id)
    .where("connection_id", "=", connection_id)
    .execute();
}
