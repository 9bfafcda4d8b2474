import type { Clock } from "../runtime/clock.ts";
import { createId } from "../runtime/id.ts";
import type { Random } from "../runtime/random.ts";
import type { Secret } from "../runtime/secret.ts";
import { mintText, readText } from "./secret-text.ts";
import type { KeyUse } from "./store.ts";

/**
 * A refresh token of our own for one connection: it is never replaced, and whoever shows it together with an API key gets access
 * tokens of the connection (RFC 6749 §6). Stored as an API key is, by a keyed hash.
 */
export interface VirtualRefreshToken {
  id: string;
  tenantId: string;
  connectionId: string;
  name: string | null;
  hash: Uint8Array;
  /** The API key that made it, or the operator's session. */
  createdBy: string;
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  /** Up to a minute behind. The address is null where it was not known. */
  lastUsedAt: number | null;
  lastUsedFrom: string | null;
}

export type NewVirtualRefreshToken = Omit<
  VirtualRefreshToken,
  "createdAt" | "revokedAt" | "lastUsedAt" | "lastUsedFrom"
>;

export interface VirtualRefreshTokenQuery {
  tenantId: string;
  /** Of one connection; null for those of all. */
  connectionId: string | null;
  limit: number;
  /** Only ids after this one; null from the oldest on. */
  after: string | null;
}

/** They are revoked when their connection is disconnected. */
export interface VirtualRefreshTokenStore {
  create(token: NewVirtualRefreshToken): Promise<void>;
  find(id: string): Promise<VirtualRefreshToken | null>;
  /** By id, which is by age; those that have ended too. */
  list(query: VirtualRefreshTokenQuery): Promise<VirtualRefreshToken[]>;
  /** Those of a connection that live. */
  count(connectionId: string): Promise<number>;
  /** False when the tenant has none of this id that was not revoked before. */
  revoke(tenantId: string, id: string): Promise<boolean>;
  /** A use that is older than the one on record changes nothing. `keyId` is its id. */
  markUsed(uses: readonly KeyUse[]): Promise<void>;
}

export interface MintedVirtualRefreshToken {
  id: string;
  /** `eg_vrt_<id>_<secret><crc32>`, shown once. */
  text: Secret<string>;
}

export function mintVirtualRefreshToken(clock: Clock, random: Random): MintedVirtualRefreshToken {
  const id = createId("vrt", clock, random);
  return { id, text: mintText("vrt", id, random) };
}

/** The id of a well-formed one; null for anything else, so that typing errors cost no database row. */
export function readVirtualRefreshTokenId(text: string): string | null {
  const read = readText(text);
  return read?.kind === "vrt" ? `vrt_${read.id}` : null;
}
