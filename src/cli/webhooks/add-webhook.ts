import { newEndpointSchema, newSecretSchema } from "../../api/webhook-view.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";

/** As the options say it. */
export interface WebhookWish {
  /** All when there are none. */
  event: string[];
  description?: string;
  allTenants?: boolean;
}

/** Stdout has the secret alone, so that it can be put where it belongs without being seen. */
export async function addWebhook(
  service: ServiceClient,
  output: Output,
  address: string,
  { event, description, allTenants }: WebhookWish,
): Promise<void> {
  const body = {
    url: address,
    events: event.length === 0 ? null : event,
    ...(description !== undefined && { description }),
    ...(allTenants !== undefined && { all_tenants: allTenants }),
  };
  const made = await service.ask({ method: "POST", path: "/v1/webhook-endpoints", body }, newEndpointSchema);
  output.result(made, () => made.secret);
  output.remark(
    printable(`Added ${made.id}. The secret is shown this once; evergrant webhooks test ${made.id} tries it.`),
  );
}

/** The same. */
export async function rotateWebhookSecret(
  service: ServiceClient,
  output: Output,
  { id, overlap }: { id: string; overlap: number },
): Promise<void> {
  const body = { overlap_seconds: overlap };
  const request = { method: "POST", path: path`/v1/webhook-endpoints/${id}/secrets`, body } as const;
  const made = await service.ask(request, newSecretSchema);
  output.result(made, () => made.secret);
  output.remark(`Made ${made.id}. The secret is shown this once; the one before signs until ${made.others_retire_at}.`);
}
