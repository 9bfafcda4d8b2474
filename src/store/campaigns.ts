import { sql, type ExpressionBuilder, type RawBuilder, type Selectable } from "kysely";
import {
  ANSWER_TIME,
  type Campaign,
  type CampaignMember,
  type CampaignReport,
  type CampaignStore,
} from "../incident/campaign.ts";
import { outcomeColumn, quietHoursColumn, remindersColumn } from "./campaign-columns.ts";
import { askDue } from "./campaign-turns.ts";
import { previewCampaign, startCampaign } from "./campaign-start.ts";
import type { Database, Queries } from "./database.ts";
import { LACKS } from "./needs-its-user.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";
import { inTransaction } from "./transaction.ts";

export function createCampaignStore(database: Database): CampaignStore {
  const transact = inTransaction(database);
  return {
    start: (campaign, target) => database.write((queries) => startCampaign(queries, campaign, target)),
    preview: (tenantId, target) => database.read((queries) => previewCampaign(queries, tenantId, target)),
    find: (id) =>
      database.read(async (queries) => {
        const row = await queries.selectFrom("campaigns").selectAll().where("id", "=", id).executeTakeFirst();
        return row ? campaignOf(row) : null;
      }),
    list: ({ tenantId, incidentId, limit, before }) =>
      database.read(async (queries) => {
        const rows = queries.selectFrom("campaigns").selectAll().where("tenant_id", "=", tenantId);
        const page = rows
          .$if(incidentId !== null, (query) => query.where("incident_id", "=", incidentId))
          .$if(before !== null, (query) => query.where("id", "<", before ?? ""));
        return (await page.orderBy("id", "desc").limit(limit).execute()).map(campaignOf);
      }),
    report: (id) => database.read((queries) => report(queries, id)),
    members: (id, { limit, after }) =>
      database.read(async (queries) => {
        const rows = queries.selectFrom("campaign_members").selectAll().where("campaign_id", "=", id);
        const page = rows.$if(after !== null, (query) => query.where("connection_id", ">", after ?? ""));
        return (await page.orderBy("connection_id").limit(limit).execute()).map(memberOf);
      }),
    cancel: (id) => database.write((queries) => cancel(queries, id)),
    destinationOf: (connectionId) =>
      database.read(async (queries) => {
        const open = queries.selectFrom("campaign_members").where("connection_id", "=", connectionId);
        const found = await open
          .innerJoin("campaigns", "campaigns.id", "campaign_members.campaign_id")
          // One that was deleted meanwhile is no destination, and the users go on with the client that they have.
          .innerJoin("clients", "clients.id", "campaigns.to_client_id")
          .select("to_client_id")
          .where("outcome", "is", null)
          .where("deleted_at", "is", null)
          .executeTakeFirst();
        return found?.to_client_id ?? null;
      }),
    settle: () => database.write(settle),
    ask: (limit) => transact((tx) => askDue(tx, limit)),
  };
}

function report(queries: Queries, id: string): Promise<CampaignReport> {
  return queries
    .selectFrom("campaign_members")
    .where("campaign_id", "=", id)
    .select([
      count(sql`1 = 1`).as("members"),
      count(sql`asked > 0`).as("asked"),
      sql<number>`cast(coalesce(sum(asked), 0) as bigint)`.as("requests"),
      count(sql`outcome = 'recovered'`).as("recovered"),
      count(sql`outcome = 'disconnected'`).as("disconnected"),
      count(sql`outcome = 'unanswered'`).as("unanswered"),
    ])
    .executeTakeFirstOrThrow();
}

function count(condition: RawBuilder<unknown>) {
  return sql<number>`coalesce(sum(case when ${condition} then 1 else 0 end), 0)`;
}

async function cancel(queries: Queries, id: string): Promise<boolean> {
  const { numUpdatedRows } = await queries
    .updateTable("campaigns")
    .set({ cancelled_at: egNow })
    .where("id", "=", id)
    .where("finished_at", "is", null)
    .where("cancelled_at", "is", null)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return false;
  await openMembers(queries).set({ outcome: "cancelled", next_at: null }).where("campaign_id", "=", id).execute();
  return true;
}

async function settle(queries: Queries): Promise<string[]> {
  for (const [outcome, reached] of [
    [
      "recovered",
      sql<boolean>`case when campaigns.to_client_id is null then connections.status = 'active' and not ${LACKS}
      else connections.client_id = campaigns.to_client_id end`,
    ],
    ["disconnected", sql<boolean>`connections.status = 'disconnected'`],
  ] as const) {
    await openMembers(queries)
      .set({ outcome, next_at: null })
      .where(
        sql<boolean>`exists (select 1 from connections, campaigns where connections.id = campaign_members.connection_id
          and campaigns.id = campaign_members.campaign_id and ${reached})`,
      )
      .execute();
  }
  await openMembers(queries)
    .set({ outcome: "unanswered" })
    .where("next_at", "is", null)
    .where("last_asked_at", "<=", sql<number>`eg_now() - ${ANSWER_TIME}`)
    .execute();
  const finished = await queries
    .updateTable("campaigns")
    .set({ finished_at: egNow })
    .where("finished_at", "is", null)
    .where("cancelled_at", "is", null)
    .where((where) => where.not(where.exists(waitedFor(where))))
    .returning("id")
    .execute();
  return finished.map(({ id }) => id);
}

function waitedFor(where: ExpressionBuilder<Schema, "campaigns">) {
  const members = where.selectFrom("campaign_members").select("connection_id");
  return members.whereRef("campaign_id", "=", "campaigns.id").where("outcome", "is", null);
}

function openMembers(queries: Queries) {
  return queries.updateTable("campaign_members").where("outcome", "is", null);
}

function campaignOf(row: Selectable<Schema["campaigns"]>): Campaign {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    incidentId: row.incident_id,
    clientId: row.client_id,
    toClientId: row.to_client_id,
    remindAfter: remindersColumn.read(row.remind_after),
    quietHours: row.quiet_hours === null ? null : quietHoursColumn.read(row.quiet_hours),
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    cancelledAt: row.cancelled_at,
  };
}

function memberOf(row: Selectable<Schema["campaign_members"]>): CampaignMember {
  return {
    connectionId: row.connection_id,
    asked: row.asked,
    lastAskedAt: row.last_asked_at,
    nextAt: row.next_at,
    outcome: outcomeColumn.parse(row.outcome),
  };
}
