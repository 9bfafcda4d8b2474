import { z } from "zod";
import { clientSchema } from "../../api/client-view.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import type { Paint } from "../terminal/paint.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";
import type { Client } from "./client.ts";

export interface ListFilter {
  provider?: string;
}

const pageSchema = z.object({ clients: z.array(clientSchema), next_after: z.string().nullable() });

const LARGEST_PAGE = 200;

export function listClients(service: ServiceClient, output: Output, filter: ListFilter): Promise<void> {
  return output.results(allClients(service, filter), {
    all: (found) => listing(found, output.paint),
    none: "No clients. evergrant clients add makes one.",
  });
}

async function* allClients(service: ServiceClient, { provider }: ListFilter) {
  let after: string | undefined;
  for (;;) {
    const query = { provider, after, limit: LARGEST_PAGE };
    const page = await service.ask({ path: "/v1/clients", query }, pageSchema);
    yield* page.clients;
    if (page.next_after === null) return;
    after = page.next_after;
  }
}

function listing(clients: readonly Client[], paint: Paint): string {
  const header = ["ID", "STATUS", "PROVIDER", "SECRET ENDS", "WARNINGS", "CLIENT ID"].map((text): Cell => ({
    text,
    colour: "bold",
  }));
  return table([header, ...clients.map(row)], paint).join("\n");
}

function row(client: Client): Cell[] {
  const { status, secret_expires_at: endsAt, warnings } = client;
  return [
    { text: client.id },
    { text: status, colour: status === "active" ? "green" : "red" },
    { text: client.provider },
    { text: endsAt === null ? "" : relativeTime(endsAt) },
    { text: warnings.length === 0 ? "" : String(warnings.length), colour: "yellow" },
    { text: client.client_id },
  ];
}
