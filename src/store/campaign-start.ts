import { sql, type RawBuilder } from "kysely";
import type { Campaign, CampaignPreview, CampaignTarget } from "../incident/campaign.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { quietHoursColumn, remindersColumn } from "./campaign-columns.ts";
import type { Queries } from "./database.ts";
import { NEEDS_ITS_USER } from "./needs-its-user.ts";
import { egNow } from "./now.ts";

/** `CampaignStore.start` says how. */
export async function startCampaign(
  queries: Queries,
  {
    id,
    tenantId,
    incidentId,
    clientId,
    toClientId,
    remindAfter,
    quietHours,
  }: Omit<Campaign, "createdAt" | "finishedAt" | "cancelledAt">,
  target: CampaignTarget,
): Promise<number> {
  await queries
    .insertInto("campaigns")
    .values({
      id,
      tenant_id: tenantId,
      incident_id: incidentId,
      client_id: clientId,
      to_client_id: toClientId,
      remind_after: remindersColumn.write([...remindAfter]),
      quiet_hours: quietHours && quietHoursColumn.write(quietHours),
      created_at: egNow,
    })
    .execute();
  const { numAffectedRows = 0n } = await sql`
    insert into campaign_members (campaign_id, connection_id, asked, first_asked_at, last_asked_at, next_at)
    select ${id}, id, case when told is null then 0 else 1 end, told, told, eg_now()
    from ${candidates(tenantId, target)}
    where true on conflict do nothing`.execute(queries);
  if (numAffectedRows === 0n) {
    throw new ServiceError(
      "conflict",
      "None of these connections waits for its user, or another campaign asks them already.",
    );
  }
  return Number(numAffectedRows);
}

/** `CampaignStore.preview`. */
export async function previewCampaign(
  queries: Queries,
  tenantId: string,
  target: CampaignTarget,
): Promise<CampaignPreview> {
  const { rows } = await sql<CampaignPreview>`
    select count(*) as connections, count(told) as told from ${candidates(tenantId, target)}
    where not exists (select 1 from campaign_members where connection_id = candidates.id and outcome is null)`.execute(
    queries,
  );
  return rows[0] ?? { connections: 0, told: 0 };
}

function candidates(tenantId: string, target: CampaignTarget): RawBuilder<unknown> {
  return sql`(select id, ${target.kind === "move" ? sql`cast(null as bigint)` : TOLD} as told from connections
      where tenant_id = ${tenantId} and ${isOf(target)}) as candidates`;
}

function isOf(target: CampaignTarget): RawBuilder<boolean> {
  switch (target.kind) {
    case "client":
      return sql`client_id = ${target.clientId} and ${NEEDS_ITS_USER}`;
    case "move":
      return sql`client_id = ${target.clientId} and status <> 'disconnected'`;
    case "connections":
      return sql`id in (${sql.join(target.connectionIds)}) and ${NEEDS_ITS_USER}`;
    case "incident":
      return sql`id in (select connection_id from incident_members where incident_id = ${target.incidentId})
        and ${NEEDS_ITS_USER}`;
  }
}

/** When its application hears, or has heard, that the user has to act; null when it does not. */
const TOLD = sql<number | null>`(select max(coalesce(passed_on_at, held_until)) from outbox
  where connection_id = connections.id and type in ('connection.reauthorization_required', 'connection.degraded') and at >= status_since)`;
