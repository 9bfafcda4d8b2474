import { campaignDetailSchema } from "../../api/campaign-view.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { describeCampaign } from "./show-campaign.ts";

export async function cancelCampaign(service: ServiceClient, output: Output, id: string): Promise<void> {
  const request = { method: "POST", path: path`/v1/campaigns/${id}/cancel` } as const;
  const campaign = await service.ask(request, campaignDetailSchema);
  output.result(campaign, () => describeCampaign(campaign, output));
}
