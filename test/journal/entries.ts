import type { JournalEntry, UnreadableEntry } from "../../src/connection/journal.ts";
import type { TokenRecord } from "../../src/connection/token-record.ts";

/** The token set of generation `generation`, received at that many milliseconds. */
export function tokensFor(connectionId: string, generation: number, change: Partial<TokenRecord> = {}): JournalEntry {
  const text = `${connectionId} ${generation}`;
  const tokens: TokenRecord = {
    generation,
    sealedAccessToken: Buffer.from(`sealed access token of ${text}`),
    sealedRefreshToken: Buffer.from(`sealed refresh token of ${text}`),
    tokenType: "Bearer",
    scope: ["files.read", "offline_access"],
    answerFields: {},
    obtainedAt: generation,
    origin: "ahead",
    expiresAt: generation + 3_600_000,
    refreshExpiresAt: null,
    refreshTokenName: null,
    refreshTokenMarks: null,
    rotatedAt: null,
    dpopKey: null,
    ...change,
  };
  return { kind: "tokens", tenantId: "default", connectionId, receivedAt: generation, tokens };
}

export function unreadableFor(connectionId: string, generation: number): UnreadableEntry {
  const sealedBody = Buffer.from(`sealed answer to ${connectionId}`);
  return { kind: "unreadable", tenantId: "default", connectionId, receivedAt: generation, generation, sealedBody };
}

/** An entry that takes more than a megabyte, six of which fit into a segment. */
export function largeTokensFor(connectionId: string, generation: number): JournalEntry {
  return tokensFor(connectionId, generation, { sealedRefreshToken: Buffer.alloc(1_000_000, generation) });
}
