import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type {
  endpointSchema,
  newEndpointSchema,
  newSecretSchema,
  testedSchema,
} from "../../../src/api/webhook-view.ts";
import { ask } from "./ask.ts";
import { queryClient } from "./query-client.ts";

export type Endpoint = z.infer<typeof endpointSchema>;
export type NewEndpoint = z.infer<typeof newEndpointSchema>;
export type NewWebhookSecret = z.infer<typeof newSecretSchema>;
export type Tested = z.infer<typeof testedSchema>;
export type EventType = NonNullable<Endpoint["events"]>[number];

export type EndpointFields = Pick<Endpoint, "url" | "events" | "description" | "all_tenants">;

const LOOK = 15_000;

export const endpointsQuery = queryOptions({
  queryKey: ["webhooks"],
  queryFn: ({ signal }) => ask<{ webhook_endpoints: Endpoint[] }>("v1/webhook-endpoints", { signal }),
  refetchInterval: LOOK,
});

export function endpointQuery(id: string) {
  return queryOptions({
    queryKey: ["webhooks", id],
    queryFn: ({ signal }) => ask<Endpoint>(pathOf(id), { signal }),
    refetchInterval: LOOK,
  });
}

/** With its secret, which the service tells this once. */
export async function addEndpoint(fields: EndpointFields): Promise<NewEndpoint> {
  const made = await ask<NewEndpoint>("v1/webhook-endpoints", { method: "POST", body: fields });
  await lookAgain();
  return made;
}

export async function changeEndpoint(
  id: string,
  change: Partial<EndpointFields> & { status?: Endpoint["status"] },
): Promise<void> {
  await ask(pathOf(id), { method: "PATCH", body: change });
  await lookAgain();
}

export async function removeEndpoint(id: string): Promise<void> {
  await ask(pathOf(id), { method: "DELETE" });
  await queryClient.invalidateQueries({ queryKey: endpointsQuery.queryKey, exact: true });
}

export async function testEndpoint(id: string): Promise<Tested> {
  return ask<Tested>(`${pathOf(id)}/test`, { method: "POST" });
}

/** Signs with a new secret, and with the ones before too for a day, so that receivers can follow. */
export async function addWebhookSecret(id: string): Promise<NewWebhookSecret> {
  const made = await ask<NewWebhookSecret>(`${pathOf(id)}/secrets`, { method: "POST", body: {} });
  await lookAgain();
  return made;
}

export async function retireWebhookSecret(id: string, secret: string): Promise<void> {
  await ask(`${pathOf(id)}/secrets/${encodeURIComponent(secret)}`, { method: "DELETE" });
  await lookAgain();
}

export function pathOf(id: string): string {
  return `v1/webhook-endpoints/${encodeURIComponent(id)}`;
}

async function lookAgain(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: endpointsQuery.queryKey });
}
