import { z } from "zod";
import { endpointSchema } from "../../api/webhook-view.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import type { Colour, Paint } from "../terminal/paint.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";

type Endpoint = z.infer<typeof endpointSchema>;

const listSchema = z.object({ webhook_endpoints: z.array(endpointSchema) });

export function listWebhooks(service: ServiceClient, output: Output): Promise<void> {
  return output.results(all(service), {
    all: (found) => listing(found, output.paint),
    none: "No webhook endpoints. evergrant webhooks add makes one.",
  });
}

async function* all(service: ServiceClient) {
  const { webhook_endpoints: endpoints } = await service.ask({ path: "/v1/webhook-endpoints" }, listSchema);
  yield* endpoints;
}

function listing(endpoints: readonly Endpoint[], paint: Paint): string {
  const header = ["ID", "STATE", "LAST SUCCESS", "EVENTS", "URL"].map((text): Cell => ({ text, colour: "bold" }));
  return table([header, ...endpoints.map(row)], paint).join("\n");
}

function row(endpoint: Endpoint): Cell[] {
  const { last_success_at: successAt, events } = endpoint;
  return [
    { text: endpoint.id },
    stateOf(endpoint),
    { text: successAt === null ? "never" : relativeTime(successAt) },
    { text: events === null ? "all" : events.join(" ") },
    { text: endpoint.url },
  ];
}

function stateOf({ disabled_reason: reason, failing_since: since, warned_at: warnedAt }: Endpoint): Cell {
  if (reason !== null) return { text: `disabled: ${reason}`, colour: "red" satisfies Colour };
  if (warnedAt !== null) return { text: "about to be disabled", colour: "red" };
  return since === null ? { text: "enabled", colour: "green" } : { text: "failing", colour: "yellow" };
}
