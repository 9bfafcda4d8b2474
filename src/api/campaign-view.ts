import { z } from "zod";
import { recoveryRate, type Campaign, type CampaignMember, type CampaignReport } from "../incident/campaign.ts";
import { isTimeZone } from "../incident/quiet-hours.ts";
import { HOUR } from "../runtime/clock.ts";
import { time, toTime, toTimeOrNull } from "./wire.ts";

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time such as 08:00");

export const quietHoursSchema = z
  .strictObject({
    from: timeOfDay,
    to: timeOfDay,
    time_zone: z.string().max(64).refine(isTimeZone, "not a time zone such as Europe/Berlin"),
  })
  .describe("Nobody is asked from then to then; over midnight where `to` is the earlier one");

/** Hours after the first time; ascending, so that each reminder comes after the one before. */
export const remindersSchema = z
  .array(
    z
      .number()
      .min(1)
      .max(24 * 90),
  )
  .max(10)
  .refine((hours) => hours.every((hour, place) => place === 0 || hour > (hours[place - 1] ?? 0)), "not ascending");

export const campaignSchema = z
  .object({
    id: z.string(),
    incident: z.string().nullable(),
    client: z.string().nullable(),
    to_client: z.string().nullable().describe("Where its connections move to"),
    state: z.enum(["running", "finished", "cancelled"]),
    remind_after_hours: z.array(z.number()),
    quiet_hours: quietHoursSchema.nullable(),
    created_at: time,
    ended_at: time.nullable(),
  })
  .meta({ id: "Campaign" });

export const campaignDetailSchema = campaignSchema
  .extend({
    report: z.object({
      connections: z.int(),
      asked: z.int().describe("Connections whose users were asked"),
      requests: z.int().describe("How often users were asked, reminders included"),
      recovered: z.int(),
      disconnected: z.int(),
      unanswered: z.int(),
      recovery_rate: z.number().nullable().describe("Recovered ones, of those that are not disconnected"),
    }),
  })
  .meta({ id: "CampaignDetail" });

export const campaignPreviewSchema = z
  .object({
    connections: z.int(),
    told: z.int().describe("Those whose application was told already; the first reminder asks them"),
  })
  .meta({ id: "CampaignPreview" });

export const campaignMemberSchema = z
  .object({
    connection: z.string(),
    asked: z.int(),
    last_asked_at: time.nullable(),
    next_at: time.nullable().describe("When its user is asked again; null for no more"),
    outcome: z
      .enum(["recovered", "disconnected", "unanswered", "cancelled"])
      .nullable()
      .describe("Null while it is waited for"),
  })
  .meta({ id: "CampaignMember" });

export function campaignView(campaign: Campaign): z.infer<typeof campaignSchema> {
  const { quietHours, cancelledAt, finishedAt } = campaign;
  return {
    id: campaign.id,
    incident: campaign.incidentId,
    client: campaign.clientId,
    to_client: campaign.toClientId,
    state: cancelledAt !== null ? "cancelled" : finishedAt !== null ? "finished" : "running",
    remind_after_hours: campaign.remindAfter.map((milliseconds) => milliseconds / HOUR),
    quiet_hours: quietHours && { from: quietHours.from, to: quietHours.to, time_zone: quietHours.timeZone },
    created_at: toTime(campaign.createdAt),
    ended_at: toTimeOrNull(cancelledAt ?? finishedAt),
  };
}

export function campaignDetailView(campaign: Campaign, report: CampaignReport): z.infer<typeof campaignDetailSchema> {
  const { members, ...counts } = report;
  return {
    ...campaignView(campaign),
    report: { connections: members, ...counts, recovery_rate: recoveryRate(report) },
  };
}

export function campaignMemberView(member: CampaignMember): z.infer<typeof campaignMemberSchema> {
  return {
    connection: member.connectionId,
    asked: member.asked,
    last_asked_at: toTimeOrNull(member.lastAskedAt),
    next_at: toTimeOrNull(member.nextAt),
    outcome: member.outcome,
  };
}
