import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type {
  campaignDetailSchema,
  campaignMemberSchema,
  campaignPreviewSchema,
  campaignSchema,
} from "../../../src/api/campaign-view.ts";
import { ask } from "./ask.ts";
import { queryClient } from "./query-client.ts";

export type Campaign = z.infer<typeof campaignDetailSchema>;
export type CampaignMember = z.infer<typeof campaignMemberSchema>;

/** How its users are asked. */
export type CampaignPlan = Pick<Campaign, "remind_after_hours" | "quiet_hours">;

interface CampaignList {
  campaigns: z.infer<typeof campaignSchema>[];
  next_before: string | null;
}

interface MemberPage {
  connections: CampaignMember[];
  next_after: string | null;
}

const PAGE = 25;

/** Nothing tells of a campaign's progress, so it is asked for. */
const LOOK = 10_000;

/** The newest of those for an incident. */
export function campaignsQuery(incident: string) {
  return queryOptions({
    queryKey: ["campaigns", incident],
    queryFn: ({ signal }) => ask<CampaignList>("v1/campaigns", { query: { incident, limit: PAGE }, signal }),
  });
}

export function campaignQuery(id: string) {
  return queryOptions({
    queryKey: ["campaign", id],
    queryFn: ({ signal }) => ask<Campaign>(pathOf(id), { signal }),
    refetchInterval: ({ state }) => (state.data?.state === "running" ? LOOK : false),
  });
}

export function campaignMembersQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: ["campaign", id, "connections"],
    queryFn: ({ pageParam, signal }) =>
      ask<MemberPage>(`${pathOf(id)}/connections`, { query: { limit: PAGE, after: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_after,
  });
}

/** Whom a campaign for an incident would ask, as of now. */
export function previewQuery(incident: string) {
  return queryOptions({
    queryKey: ["campaigns", incident, "preview"],
    queryFn: ({ signal }) =>
      ask<z.infer<typeof campaignPreviewSchema>>("v1/campaigns/preview", { query: { incident }, signal }),
    staleTime: 0,
  });
}

export async function startCampaign(incident: string, plan: CampaignPlan): Promise<void> {
  await ask("v1/campaigns", { method: "POST", body: { incident, ...plan } });
  await queryClient.invalidateQueries({ queryKey: ["campaigns", incident] });
}

export async function cancelCampaign(id: string): Promise<void> {
  queryClient.setQueryData(campaignQuery(id).queryKey, await ask<Campaign>(`${pathOf(id)}/cancel`, { method: "POST" }));
  await queryClient.invalidateQueries({ queryKey: ["campaigns"] });
}

function pathOf(id: string): string {
  return `v1/campaigns/${encodeURIComponent(id)}`;
}
