import { infiniteQueryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { deliverySchema, replayedSchema } from "../../../src/api/webhook-view.ts";
import { ask } from "./ask.ts";
import { queryClient } from "./query-client.ts";
import { pathOf } from "./webhooks.ts";

export type Delivery = z.infer<typeof deliverySchema>;
export type DeliveryState = Delivery["state"];

interface DeliveryPage {
  deliveries: Delivery[];
  next_before: string | null;
}

const PAGE = 50;
const LOOK = 10_000;

/** What became of each event at an endpoint, newest first. */
export function deliveriesQuery(endpoint: string, state: DeliveryState | undefined) {
  return infiniteQueryOptions({
    queryKey: ["webhooks", endpoint, "deliveries", state ?? null],
    queryFn: ({ pageParam, signal }) =>
      ask<DeliveryPage>(`${pathOf(endpoint)}/deliveries`, {
        query: { limit: PAGE, state, before: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
    // More pages are looked at by somebody who reads.
    refetchInterval: ({ state: { data } }) => ((data?.pages.length ?? 1) === 1 ? LOOK : false),
  });
}

export async function replay(endpoint: string, delivery: string): Promise<void> {
  await ask(`${pathOf(endpoint)}/deliveries/${encodeURIComponent(delivery)}/replay`, { method: "POST" });
  await lookAgain(endpoint);
}

/** Sends events since a time again, all of them or those that were given up, piece by piece. How many. */
export async function replaySince(endpoint: string, since: string, state?: "given_up"): Promise<number> {
  const until = new Date().toISOString();
  let replayed = 0;
  for (let next: string | null = since; next !== null;) {
    const piece: z.infer<typeof replayedSchema> = await ask(`${pathOf(endpoint)}/replay`, {
      method: "POST",
      body: { since: next, until, ...(state && { state }) },
    });
    replayed += piece.replayed;
    next = piece.next_since;
  }
  await lookAgain(endpoint);
  return replayed;
}

async function lookAgain(endpoint: string): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: ["webhooks", endpoint, "deliveries"] });
}
