import { campaignDetailSchema } from "../../api/campaign-view.ts";
import { CommandFailure } from "../command-failure.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";

export interface CampaignWish {
  incident?: string;
  client?: string;
  toClient?: string;
  connection?: string[];
  remindAfter: number[];
  quiet?: string;
}

/** Stdout has the id alone, so that the next command can take it. */
export async function startCampaign(service: ServiceClient, output: Output, wish: CampaignWish): Promise<void> {
  const { incident, client, toClient, connection, remindAfter, quiet } = wish;
  const body = {
    ...(incident !== undefined && { incident }),
    ...(client !== undefined && { client }),
    ...(toClient !== undefined && { to_client: toClient }),
    ...(connection !== undefined && { connections: connection }),
    remind_after_hours: remindAfter,
    ...(quiet !== undefined && { quiet_hours: quietHoursOf(quiet) }),
  };
  const started = await service.ask({ method: "POST", path: "/v1/campaigns", body }, campaignDetailSchema);
  output.result(started, () => started.id);
  output.remark(`Asks the users of ${started.report.connections} connections.`);
}

function quietHoursOf(text: string) {
  const [, from = "", to = "", timeZone = ""] = /^(\d\d:\d\d)-(\d\d:\d\d)@(.+)$/.exec(text) ?? [];
  if (timeZone !== "") return { from, to, time_zone: timeZone };
  throw new CommandFailure({
    exit: "usage",
    code: "usage",
    detail: "--quiet takes two times and a time zone. Nobody was asked.",
    next: "Say --quiet 20:00-08:00@Europe/Berlin, for instance.",
  });
}
