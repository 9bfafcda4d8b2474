import { SECOND } from "../runtime/clock.ts";
import { createRounds, type Rounds, type RoundsDeps } from "../runtime/rounds.ts";
import type { CampaignStore } from "./campaign.ts";

export interface RunCampaignsDeps extends RoundsDeps {
  campaigns: Pick<CampaignStore, "ask" | "settle">;
}

const INTERVAL = 10 * SECOND;
/** Of one transaction. */
const TURNS = 50;

/** Asks whoever's turn it is; of several instances, each takes what the others have not taken. */
export function runCampaigns({ campaigns, ...deps }: RunCampaignsDeps): Rounds {
  return createRounds(deps, INTERVAL, async () => {
    for (const campaignId of await campaigns.settle()) deps.observer.event("campaign.finished", { campaignId });
    while ((await campaigns.ask(TURNS)) === TURNS);
  });
}
