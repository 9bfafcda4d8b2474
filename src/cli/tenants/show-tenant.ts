import type { z } from "zod";
import { tenantDetailSchema } from "../../api/tenant-view.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";

type TenantDetail = z.infer<typeof tenantDetailSchema>;

export async function showTenant(service: ServiceClient, output: Output, id: string): Promise<void> {
  const tenant = await service.ask({ path: path`/v1/tenants/${id}` }, tenantDetailSchema);
  output.result(tenant, () => describeTenant(tenant, output));
}

export function describeTenant(tenant: TenantDetail, { paint }: Pick<Output, "paint">): string {
  const { limits, usage } = tenant;
  const facts: [string, string][] = [
    ["id", tenant.id],
    ["name", tenant.name],
    ["state", tenant.status],
    ["public URL", tenant.public_url ?? ""],
    ["clients", used(usage.clients, limits.clients)],
    ["connections", used(usage.connections, limits.connections)],
    ["API keys", used(usage.api_keys, limits.api_keys)],
    ["connect sessions", rate(limits.connect_sessions_per_hour, "an hour")],
    ["requests", rate(limits.requests_per_minute, "a minute")],
    ["created", relativeTime(tenant.created_at)],
  ];
  const rows = facts.filter(([, text]) => text !== "");
  return table(
    rows.map(([name, text]): Cell[] => [{ text: name, colour: "dim" }, { text }]),
    paint,
  ).join("\n");
}

function used(count: number, most: number | null): string {
  return most === null ? String(count) : `${count} of ${most}`;
}

function rate(most: number | null, time: string): string {
  return most === null ? "" : `${most} ${time}`;
}
