import { z } from "zod";
import { endpointSchema } from "../../api/webhook-view.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import { askFirst } from "../terminal/ask-first.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";

export async function enableWebhook(
  service: ServiceClient,
  output: Output,
  { id, verb }: { id: string; verb: "enable" | "disable" },
): Promise<void> {
  const body = { status: `${verb}d` };
  const request = { method: "PATCH", path: path`/v1/webhook-endpoints/${id}`, body } as const;
  const endpoint = await service.ask(request, endpointSchema);
  output.result(endpoint, () => `${endpoint.id} is ${endpoint.status}.`);
}

export async function removeWebhook(
  service: ServiceClient,
  output: Output,
  { id, yes }: { id: string; yes: boolean },
): Promise<void> {
  if (!yes) await askFirst("remove", () => printable(`Remove ${id}, with what is still on its way to it?`));
  // The answer has no body.
  await service.ask({ method: "DELETE", path: path`/v1/webhook-endpoints/${id}` }, z.undefined());
  output.result({ id, removed: true }, () => printable(`Removed ${id}.`));
}
