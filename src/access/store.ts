import type { ApiKey } from "./api-key.ts";

export interface ApiKeyStore {
  /** Keeps the one that is there when two processes store the same key at once. */
  create(key: Omit<ApiKey, "createdAt" | "revokedAt">): Promise<void>;
  find(id: string): Promise<ApiKey | null>;
  list(tenantId: string): Promise<ApiKey[]>;
  /** False when there is no such live key of the tenant. */
  revoke(tenantId: string, id: string): Promise<boolean>;
}

/** A tenant's sealing key, wrapped by a root key. */
export interface WrappedTenantKey {
  tenantId: string;
  /** From 1, growing. */
  version: number;
  wrapped: Uint8Array;
  rootFingerprint: string;
}

/** A root key that this database has been sealed under, with a known text to prove that it is the right one. */
export interface RootKeyRecord {
  fingerprint: string;
  sentinel: Uint8Array;
}

export interface KeyStore {
  /** A random name made with the database; it binds every sealed record to this installation. */
  instanceId(): Promise<string>;
  rootKeys(): Promise<RootKeyRecord[]>;
  addRootKey(record: RootKeyRecord): Promise<void>;
  tenantKeys(tenantId: string): Promise<WrappedTenantKey[]>;
  /** Keeps the one that is there when two processes make the first key at once. */
  addTenantKey(key: WrappedTenantKey): Promise<void>;
}

export const DEFAULT_TENANT = "default";
