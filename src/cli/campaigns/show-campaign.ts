import type { z } from "zod";
import { campaignDetailSchema } from "../../api/campaign-view.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";

type CampaignDetail = z.infer<typeof campaignDetailSchema>;

export async function showCampaign(service: ServiceClient, output: Output, id: string): Promise<void> {
  const campaign = await service.ask({ path: path`/v1/campaigns/${id}` }, campaignDetailSchema);
  output.result(campaign, () => describeCampaign(campaign, output));
}

export function describeCampaign(campaign: CampaignDetail, { paint }: Pick<Output, "paint">): string {
  const { report, quiet_hours: quiet } = campaign;
  const rate = report.recovery_rate === null ? "" : ` (${Math.round(report.recovery_rate * 100)} %)`;
  const facts: [string, string][] = [
    ["id", campaign.id],
    ["state", campaign.state],
    ["of", campaign.incident ?? campaign.client ?? "some connections"],
    ["recovered", `${report.recovered} of ${report.connections}${rate}`],
    ["asked", `${report.asked}, ${report.requests} requests in all`],
    ["disconnected", String(report.disconnected)],
    ["unanswered", String(report.unanswered)],
    ["reminders", campaign.remind_after_hours.map((hours) => `${hours} h`).join(", ")],
    ["quiet hours", quiet ? `${quiet.from} to ${quiet.to}, ${quiet.time_zone}` : ""],
    ["started", relativeTime(campaign.created_at)],
  ];
  const rows = facts.filter(([, text]) => text !== "");
  return table(
    rows.map(([name, text]): Cell[] => [{ text: name, colour: "dim" }, { text }]),
    paint,
  ).join("\n");
}
