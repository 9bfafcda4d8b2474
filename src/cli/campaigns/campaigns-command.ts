import { InvalidArgumentError, type Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, type ServiceClient } from "../service/service-client.ts";
import { cancelCampaign } from "./cancel-campaign.ts";
import { listCampaigns } from "./list-campaigns.ts";
import { showCampaign } from "./show-campaign.ts";
import { startCampaign, type CampaignWish } from "./start-campaign.ts";

interface ServiceOptions {
  url: string;
}

const ID = "id of the campaign, cam_...";

export function addCampaignsCommand(program: Command, deps: CommandDeps): void {
  const campaigns = program
    .command("campaigns")
    .summary("ask many users to sign in again, and see who did")
    .description(
      `Asks the users of connections that wait for them: each once, and then by reminders
until the connection is well. It takes a key with the scope connections:write.`,
    )
    .addHelpText("after", "\nExample:\n  evergrant campaigns start --client cli_01jd... --remind-after 72,168");
  addStart(campaigns, deps);
  addList(campaigns, deps);
  addShow(campaigns, deps);
  addCancel(campaigns, deps);
}

function addStart(campaigns: Command, deps: CommandDeps): void {
  const command = campaigns
    .command("start")
    .summary("ask the users of an incident, of a client, or of some connections")
    .description("Starts a campaign and prints its id. Users whom another campaign asks already are left to it.")
    .option("--incident <id>", "those that an incident affects")
    .option("--client <id>", "all that wait of a client")
    .option("--to-client <id>", "move all connections of the client to this one, by their next consent")
    .option("--connection <id...>", "these connections")
    .option("--remind-after <hours>", "after the first time, ascending; none for no reminder", hoursOf, [72, 168])
    .option("--quiet <hours>", "when nobody is asked, as 20:00-08:00@Europe/Berlin");
  asksService(command, "evergrant campaigns start --incident inc_01jd... --quiet 20:00-08:00@Europe/Berlin").action(
    ({ url, ...wish }: ServiceOptions & CampaignWish) => startCampaign(ask(deps, url), deps.output, wish),
  );
}

function addList(campaigns: Command, deps: CommandDeps): void {
  const command = campaigns
    .command("list")
    .summary("all campaigns")
    .description("Lists the campaigns, newest first. With --json one campaign a line.");
  asksService(command, "evergrant campaigns list").action(({ url }: ServiceOptions) =>
    listCampaigns(ask(deps, url), deps.output),
  );
}

function addShow(campaigns: Command, deps: CommandDeps): void {
  const command = campaigns
    .command("show")
    .summary("one campaign, and how many have recovered")
    .description("Shows how many users were asked, and how many of their connections are well again.")
    .argument("<id>", ID);
  asksService(command, "evergrant campaigns show cam_01jd...").action((id: string, { url }: ServiceOptions) =>
    showCampaign(ask(deps, url), deps.output, id),
  );
}

function addCancel(campaigns: Command, deps: CommandDeps): void {
  const command = campaigns
    .command("cancel")
    .summary("ask nobody any more")
    .description("Ends a campaign. Links that users have go on working.")
    .argument("<id>", ID);
  asksService(command, "evergrant campaigns cancel cam_01jd...").action((id: string, { url }: ServiceOptions) =>
    cancelCampaign(ask(deps, url), deps.output, id),
  );
}

function hoursOf(text: string): number[] {
  const hours = text === "none" ? [] : text.split(",").map(Number);
  if (!hours.every((hour) => Number.isFinite(hour))) throw new InvalidArgumentError("It has to be hours, as 72,168.");
  return hours;
}

function ask({ environment }: CommandDeps, url: string): ServiceClient {
  return createServiceClient(url, environment);
}
