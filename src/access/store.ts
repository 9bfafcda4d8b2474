import type { ApiKey } from "./api-key.ts";

export type NewApiKey = Omit<ApiKey, "createdAt" | "revokedAt" | "replacedBy" | "lastUsedAt" | "lastUsedFrom">;

/** A key that takes the place of another one, which lives on for a while. */
export interface Rotation {
  tenantId: string;
  /** The key that is replaced. */
  id: string;
  successor: Pick<ApiKey, "id" | "hash">;
  overlapMs: number;
}

/** When a key was used last, as time that has passed since, and from which address. */
export interface KeyUse {
  keyId: string;
  agoMs: number;
  from: string | null;
}

export interface ApiKeyStore {
  /** Keeps the one that is there when two processes store the same key at once. */
  create(key: NewApiKey): Promise<void>;
  find(id: string): Promise<ApiKey | null>;
  list(tenantId: string): Promise<ApiKey[]>;
  /** False when there is no such live key of the tenant. */
  revoke(tenantId: string, id: string): Promise<boolean>;
  /**
   * Makes the successor, with everything that the key was given and as long a life from now on, and ends the key after the
   * overlap, if it does not end before. Returns its end; null, with nothing made, when the tenant has no such live key that was
   * not replaced before.
   */
  rotate(rotation: Rotation): Promise<number | null>;
  /** A use that is older than the one on record changes nothing. */
  markUsed(uses: readonly KeyUse[]): Promise<void>;
  /**
   * Notes that `EVERGRANT_ADMIN_KEY` names this key now, and revokes those that it named before, except one that was rotated and
   * ends by itself.
   */
  takeFromEnvironment(id: string): Promise<void>;
}

/** How many access tokens of a connection a key was handed in the hour that began at `hour`. */
export interface TokenReads {
  /** Epoch milliseconds, whole hours. */
  hour: number;
  keyId: string;
  connectionId: string;
  count: number;
}

export interface TokenReadStore {
  /** Adds to what is there. */
  add(reads: readonly TokenReads[]): Promise<void>;
  /** From the hour of `from` on and before `to`, in order of time. */
  list(query: { connectionId: string; from: number; to: number }): Promise<TokenReads[]>;
  /** Deletes hours that began before. */
  prune(before: number): Promise<void>;
}

export const DEFAULT_TENANT = "default";
