import { z } from "zod";
import { statusOf, type Export } from "../connect/export.ts";
import { time, toTime, toTimeOrNull } from "./wire.ts";

/** The public half of a key of the recipient (RFC 8037). */
export const recipientSchema = z.strictObject({
  kty: z.literal("OKP"),
  crv: z.literal("X25519"),
  x: z.string().regex(/^[\w-]{43}$/, "32 bytes in base64url"),
});

const personSchema = z.object({ kind: z.string(), id: z.string().nullable() });

export const exportSchema = z
  .object({
    id: z.string(),
    tenant: z.string(),
    status: z.enum(["requested", "approved", "refused", "fetched", "expired"]),
    reason: z.string(),
    fingerprint: z.string().describe("Of the recipient's key (RFC 7638): both persons compare it with the recipient"),
    connections: z.int(),
    requested_by: personSchema,
    requested_at: time,
    decided_by: personSchema.nullable(),
    decided_at: time.nullable(),
    fetched_at: time.nullable(),
    expires_at: time,
  })
  .meta({ id: "Export" });

export function exportView(found: Export, now: number): z.infer<typeof exportSchema> {
  return {
    id: found.id,
    tenant: found.tenantId,
    status: statusOf(found, now),
    reason: found.reason,
    fingerprint: found.fingerprint,
    connections: found.connectionIds.length,
    requested_by: found.requestedBy,
    requested_at: toTime(found.requestedAt),
    decided_by: found.decidedBy,
    decided_at: toTimeOrNull(found.decidedAt),
    fetched_at: toTimeOrNull(found.fetchedAt),
    expires_at: toTime(found.expiresAt),
  };
}
