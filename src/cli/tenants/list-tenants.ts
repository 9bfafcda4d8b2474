import { z } from "zod";
import { tenantSchema } from "../../api/tenant-view.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import type { Paint } from "../terminal/paint.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";

type Tenant = z.infer<typeof tenantSchema>;

const pageSchema = z.object({ tenants: z.array(tenantSchema), next_after: z.string().nullable() });

const PAGE = 200;

export function listTenants(service: ServiceClient, output: Output): Promise<void> {
  return output.results(every(service), { all: (found) => listing(found, output.paint), none: "No tenants." });
}

async function* every(service: ServiceClient) {
  let after: string | null = null;
  do {
    const query: Record<string, string | number | undefined> = { limit: PAGE, after: after ?? undefined };
    const page: z.infer<typeof pageSchema> = await service.ask({ path: "/v1/tenants", query }, pageSchema);
    yield* page.tenants;
    after = page.next_after;
  } while (after !== null);
}

function listing(tenants: readonly Tenant[], paint: Paint): string {
  const header = ["ID", "STATE", "CREATED", "PUBLIC URL", "NAME"].map((text): Cell => ({ text, colour: "bold" }));
  return table([header, ...tenants.map(row)], paint).join("\n");
}

function row({ id, status, created_at: createdAt, public_url: url, name }: Tenant): Cell[] {
  return [
    { text: id },
    { text: status, colour: status === "active" ? "green" : "yellow" },
    { text: relativeTime(createdAt) },
    { text: url ?? "" },
    { text: name },
  ];
}
