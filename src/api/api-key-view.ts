import { z } from "zod";
import { SCOPES, type ApiKey } from "../access/api-key.ts";
import { time, toTime, toTimeOrNull } from "./wire.ts";

export const apiKeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    allowed_cidrs: z.array(z.string()).describe("From where the key may be used; from anywhere when there are none"),
    rate_limit: z.int().nullable().describe("Requests a second, where the key has a limit of its own"),
    created_at: time,
    expires_at: time.nullable(),
    revoked_at: time.nullable(),
    last_used_at: time.nullable().describe("Up to a minute behind"),
    last_used_from: z.string().nullable(),
    replaces: z.string().nullable(),
    replaced_by: z.string().nullable(),
  })
  .meta({ id: "ApiKey" });

export const mintedKeySchema = z
  .object({ id: z.string(), key: z.string().describe("Shown this once"), expires_at: time.nullable() })
  .meta({ id: "MintedApiKey" });

export const rotatedKeySchema = mintedKeySchema
  .extend({ replaces: z.string(), replaced_expires_at: time.describe("When the key ends that this one replaces") })
  .meta({ id: "RotatedApiKey" });

export function apiKeyView(key: ApiKey): z.infer<typeof apiKeySchema> {
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    allowed_cidrs: key.allowedCidrs,
    rate_limit: key.rateLimit,
    created_at: toTime(key.createdAt),
    expires_at: toTimeOrNull(key.expiresAt),
    revoked_at: toTimeOrNull(key.revokedAt),
    last_used_at: toTimeOrNull(key.lastUsedAt),
    last_used_from: key.lastUsedFrom,
    replaces: key.replaces,
    replaced_by: key.replacedBy,
  };
}
