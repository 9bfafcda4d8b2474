import { z } from "zod";
import { campaignSchema } from "../../api/campaign-view.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import type { Paint } from "../terminal/paint.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";

type Campaign = z.infer<typeof campaignSchema>;

const pageSchema = z.object({ campaigns: z.array(campaignSchema), next_before: z.string().nullable() });

const PAGE = 200;

export function listCampaigns(service: ServiceClient, output: Output): Promise<void> {
  return output.results(every(service), { all: (found) => listing(found, output.paint), none: "No campaigns." });
}

async function* every(service: ServiceClient) {
  let before: string | null = null;
  do {
    const query: Record<string, string | number | undefined> = { limit: PAGE, before: before ?? undefined };
    const page: z.infer<typeof pageSchema> = await service.ask({ path: "/v1/campaigns", query }, pageSchema);
    yield* page.campaigns;
    before = page.next_before;
  } while (before !== null);
}

function listing(campaigns: readonly Campaign[], paint: Paint): string {
  const header = ["ID", "STATE", "STARTED", "OF"].map((text): Cell => ({ text, colour: "bold" }));
  return table([header, ...campaigns.map(row)], paint).join("\n");
}

function row({ id, state, created_at: createdAt, incident, client }: Campaign): Cell[] {
  return [
    { text: id },
    { text: state, colour: state === "running" ? "yellow" : "green" },
    { text: relativeTime(createdAt) },
    { text: incident ?? client ?? "some connections" },
  ];
}
