import { z } from "zod";
import type { Tenant, TenantLimits } from "../access/tenant.ts";
import { isUrl } from "../runtime/is-url.ts";
import { time, toTime } from "./wire.ts";

const MOST = 1_000_000_000;

const count = z.int().min(0).max(MOST).nullable();
const rate = z.int().min(1).max(MOST).nullable();

/** Null takes a limit away; one that is left out stays as it is. */
export const limitsBody = z
  .strictObject({
    clients: count,
    connections: count.describe("Those that are not disconnected"),
    api_keys: count.describe("Those that live"),
    connect_sessions_per_hour: rate,
    requests_per_minute: rate.describe("Of all its API keys together"),
  })
  .partial();

/** An address of this service: an origin, with `https`, or on this very machine with `http`. Comes back as origins are written. */
export const publicUrl = z
  .url({ protocol: /^https?$/ })
  .max(300)
  .refine(isOrigin, "has to be an origin, such as https://connect.example.com, without a path")
  .refine(isSafe, "has to begin with https, unless it is an address of this very machine")
  .transform((text) => new URL(text).origin);

export const tenantSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    public_url: z.string().nullable().describe("Where its users reach the service, if not at EVERGRANT_PUBLIC_URL"),
    limits: limitsBody.required(),
    status: z.enum(["active", "deleting"]).describe("`deleting`: its deletion was cut short; delete it once more"),
    created_at: time,
  })
  .meta({ id: "Tenant" });

export const tenantDetailSchema = tenantSchema
  .extend({
    usage: z.object({ clients: z.int(), connections: z.int(), api_keys: z.int() }),
  })
  .meta({ id: "TenantDetail" });

export const deletedTenantSchema = z
  .object({ id: z.string(), api_keys: z.int(), connections: z.int(), keys: z.int() })
  .meta({ id: "DeletedTenant" });

export function tenantView(tenant: Tenant): z.infer<typeof tenantSchema> {
  const { limits } = tenant;
  return {
    id: tenant.id,
    name: tenant.name,
    public_url: tenant.publicUrl,
    limits: {
      clients: limits.clients,
      connections: limits.connections,
      api_keys: limits.apiKeys,
      connect_sessions_per_hour: limits.connectSessionsPerHour,
      requests_per_minute: limits.requestsPerMinute,
    },
    status: tenant.closedAt === null ? "active" : "deleting",
    created_at: toTime(tenant.createdAt),
  };
}

/** Only what was said. */
export function limitsOf(body: z.infer<typeof limitsBody> = {}): Partial<TenantLimits> {
  return {
    ...(body.clients !== undefined && { clients: body.clients }),
    ...(body.connections !== undefined && { connections: body.connections }),
    ...(body.api_keys !== undefined && { apiKeys: body.api_keys }),
    ...(body.connect_sessions_per_hour !== undefined && { connectSessionsPerHour: body.connect_sessions_per_hour }),
    ...(body.requests_per_minute !== undefined && { requestsPerMinute: body.requests_per_minute }),
  };
}

function isOrigin(text: string): boolean {
  if (!isUrl(text)) return false;
  const { origin, href } = new URL(text);
  return href === `${origin}/`;
}

function isSafe(text: string): boolean {
  if (!isUrl(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (
    protocol === "https:" || hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}
