import { z } from "zod";
import type { VirtualRefreshToken } from "../access/virtual-refresh-token.ts";
import { time, toTime, toTimeOrNull } from "./wire.ts";

export const virtualRefreshTokenSchema = z
  .object({
    id: z.string(),
    connection: z.string(),
    name: z.string().nullable(),
    created_by: z.string().describe("The API key, or the operator's session"),
    created_at: time,
    expires_at: time.nullable(),
    revoked_at: time.nullable(),
    last_used_at: time.nullable().describe("Up to a minute behind"),
    last_used_from: z.string().nullable(),
  })
  .meta({ id: "VirtualRefreshToken" });

export const mintedVirtualRefreshTokenSchema = z
  .object({
    id: z.string(),
    refresh_token: z.string().describe("Shown this once"),
    connection: z.string(),
    expires_at: time.nullable(),
  })
  .meta({ id: "MintedVirtualRefreshToken" });

export function virtualRefreshTokenView(token: VirtualRefreshToken): z.infer<typeof virtualRefreshTokenSchema> {
  return {
    id: token.id,
    connection: token.connectionId,
    name: token.name,
    created_by: token.createdBy,
    created_at: toTime(token.createdAt),
    expires_at: toTimeOrNull(token.expiresAt),
    revoked_at: toTimeOrNull(token.revokedAt),
    last_used_at: toTimeOrNull(token.lastUsedAt),
    last_used_from: token.lastUsedFrom,
  };
}
