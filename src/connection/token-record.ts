import type { Secret } from "../runtime/secret.ts";
import type { SealAddress, Sealer } from "../runtime/sealer.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import { marksOf, type TokenMarks } from "./token-marks.ts";

/** Why a token set was fetched. */
export type TokenSetOrigin = "connect" | "import" | "ahead" | "reader" | "rejected" | "manual" | "proof";

/** A token set as it is stored: sealed, one a connection, counted by generation. Times are epoch milliseconds. */
export interface TokenRecord {
  generation: number;
  sealedAccessToken: Uint8Array | null;
  sealedRefreshToken: Uint8Array | null;
  tokenType: string;
  scope: string[];
  answerFields: Record<string, string>;
  obtainedAt: number;
  origin: TokenSetOrigin;
  expiresAt: number | null;
  refreshExpiresAt: number | null;
  /** The same refresh token has the same name, however often it is sealed; null without one, or in what earlier versions wrote. */
  refreshTokenName: string | null;
  /** What security events call the refresh token by; null where they do not, or in what earlier versions wrote. */
  refreshTokenMarks: TokenMarks | null;
  /** When an answer last replaced the refresh token; null while none has. */
  rotatedAt: number | null;
  /** See `TokenSet.dpopKey`. */
  dpopKey: string | null;
}

export interface RecordOwner {
  tenantId: string;
  connectionId: string;
}

/** Seals a token set as generation `generation` of its connection. `marked`: its provider tells of revoked tokens by their marks. */
export async function sealTokenSet(
  sealer: Sealer,
  owner: RecordOwner,
  tokens: TokenSet,
  as: { generation: number; origin: TokenSetOrigin; rotatedAt?: number | null; marked?: boolean },
): Promise<TokenRecord> {
  const { generation, origin, rotatedAt = null, marked = false } = as;
  const { accessToken, refreshToken } = tokens;
  return {
    generation,
    sealedAccessToken: accessToken && (await sealer.seal(address(owner, "access_token", generation), accessToken)),
    sealedRefreshToken: refreshToken && (await sealer.seal(address(owner, "refresh_token", generation), refreshToken)),
    tokenType: tokens.tokenType,
    scope: tokens.scope,
    answerFields: tokens.answerFields,
    obtainedAt: tokens.obtainedAt,
    origin,
    expiresAt: tokens.expiresAt,
    refreshExpiresAt: tokens.refreshExpiresAt,
    refreshTokenName: refreshToken && (await sealer.name(owner.tenantId, refreshToken)),
    refreshTokenMarks: refreshToken && marked ? await marksOf(sealer, owner.tenantId, refreshToken) : null,
    rotatedAt,
    dpopKey: tokens.dpopKey,
  };
}

export async function openAccessToken(
  sealer: Sealer,
  owner: RecordOwner,
  record: TokenRecord,
): Promise<Secret<string> | null> {
  const { sealedAccessToken } = record;
  return sealedAccessToken && sealer.open(address(owner, "access_token", record.generation), sealedAccessToken);
}

export async function openRefreshToken(
  sealer: Sealer,
  owner: RecordOwner,
  record: TokenRecord,
): Promise<Secret<string> | null> {
  const { sealedRefreshToken } = record;
  return sealedRefreshToken && sealer.open(address(owner, "refresh_token", record.generation), sealedRefreshToken);
}

function address(owner: RecordOwner, field: SealAddress["field"], generation: number): SealAddress {
  return { tenantId: owner.tenantId, recordId: owner.connectionId, field, generation };
}
