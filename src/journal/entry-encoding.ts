import { z } from "zod";
import type { Journaled } from "../connection/journal.ts";
import type { TokenSetOrigin } from "../connection/token-record.ts";

/** Every origin there is, which the type sees to: an entry with another could not be read back. */
const ORIGINS: Readonly<Record<TokenSetOrigin, TokenSetOrigin>> = {
  connect: "connect",
  import: "import",
  ahead: "ahead",
  reader: "reader",
  rejected: "rejected",
  manual: "manual",
  proof: "proof",
};

const sealed = z.base64().transform((text): Uint8Array => Buffer.from(text, "base64"));
const time = z.number();
const owner = { tenant: z.string(), connection: z.string(), received_at: time, generation: z.int() };

const tokens = z.object({
  kind: z.literal("tokens"),
  ...owner,
  access_token: sealed.nullable(),
  refresh_token: sealed.nullable(),
  token_type: z.string(),
  scope: z.array(z.string()),
  /** Absent in what earlier versions wrote. */
  answer_fields: z.record(z.string(), z.string()).default({}),
  obtained_at: time,
  origin: z.enum(ORIGINS),
  expires_at: time.nullable(),
  refresh_expires_at: time.nullable(),
  /** Absent in what earlier versions wrote. */
  refresh_token_name: z.string().nullable().default(null),
  /** Absent in what earlier versions wrote. */
  refresh_token_marks: z.object({ prefix: z.string(), digest: z.string() }).nullable().default(null),
  rotated_at: time.nullable(),
  /** Absent in what earlier versions wrote. */
  dpop_key: z.string().nullable().default(null),
});
const unreadable = z.object({ kind: z.literal("unreadable"), ...owner, body: sealed });
const payload = z.discriminatedUnion("kind", [tokens, unreadable]);

type Encoded = z.input<typeof payload>;

/** The payload of an entry's record: JSON, in which sealed bytes are base64. */
export function encodeEntry(entry: Journaled): Buffer {
  return Buffer.from(JSON.stringify(encoded(entry)));
}

/** The entry in a payload; null when it is none that this version knows. */
export function decodeEntry(bytes: Buffer): Journaled | null {
  const result = payload.safeParse(parse(bytes));
  return result.success ? decoded(result.data) : null;
}

function encoded(entry: Journaled): Encoded {
  const { tenantId: tenant, connectionId: connection, receivedAt: received_at } = entry;
  switch (entry.kind) {
    case "unreadable": {
      const { kind, generation, sealedBody } = entry;
      return { kind, tenant, connection, received_at, generation, body: base64(sealedBody) };
    }
    case "tokens": {
      const { generation, sealedAccessToken, sealedRefreshToken, tokenType, scope, obtainedAt, origin } = entry.tokens;
      return {
        kind: entry.kind,
        tenant,
        connection,
        received_at,
        generation,
        access_token: sealedAccessToken && base64(sealedAccessToken),
        refresh_token: sealedRefreshToken && base64(sealedRefreshToken),
        token_type: tokenType,
        scope,
        answer_fields: entry.tokens.answerFields,
        obtained_at: obtainedAt,
        origin,
        expires_at: entry.tokens.expiresAt,
        refresh_expires_at: entry.tokens.refreshExpiresAt,
        refresh_token_name: entry.tokens.refreshTokenName,
        refresh_token_marks: entry.tokens.refreshTokenMarks,
        rotated_at: entry.tokens.rotatedAt,
        dpop_key: entry.tokens.dpopKey,
      };
    }
  }
}

function decoded(from: z.output<typeof payload>): Journaled {
  const place = { tenantId: from.tenant, connectionId: from.connection, receivedAt: from.received_at };
  switch (from.kind) {
    case "unreadable":
      return { kind: "unreadable", ...place, generation: from.generation, sealedBody: from.body };
    case "tokens":
      return {
        kind: "tokens",
        ...place,
        tokens: {
          generation: from.generation,
          sealedAccessToken: from.access_token,
          sealedRefreshToken: from.refresh_token,
          tokenType: from.token_type,
          scope: from.scope,
          answerFields: from.answer_fields,
          obtainedAt: from.obtained_at,
          origin: from.origin,
          expiresAt: from.expires_at,
          refreshExpiresAt: from.refresh_expires_at,
          refreshTokenName: from.refresh_token_name,
          refreshTokenMarks: from.refresh_token_marks,
          rotatedAt: from.rotated_at,
          dpopKey: from.dpop_key,
        },
      };
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
}
