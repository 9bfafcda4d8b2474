/** A tenant's key, wrapped by a root key. */
export interface WrappedTenantKey {
  tenantId: string;
  /** From 1, growing; `NAMING_VERSION` seals nothing. */
  version: number;
  wrapped: Uint8Array;
  rootFingerprint: string;
}

export interface StoredTenantKey extends WrappedTenantKey {
  createdAt: number;
  /** Nothing was sealed with it any more then; it can still open what a journal holds. */
  retiredAt: number | null;
}

/** The key that names secrets and makes the installation's own keys. It outlives all that are rotated. */
export const NAMING_VERSION = 0;

/** Not a tenant: owner of the keys that the installation itself uses, for API keys, links and the audit log. */
export const INSTALLATION = "installation";

/** A root key that this database has been sealed under, with a known text to prove that it is the right one. */
export interface RootKeyRecord {
  fingerprint: string;
  sentinel: Uint8Array;
  /** The key itself, encrypted by a key service, and which one that is; null for a key that people keep. */
  kept: KeptRootKey | null;
}

export interface KeptRootKey {
  by: string;
  wrapped: Uint8Array;
}

export type RetireResult = "retired" | "in_use" | "newest" | "unknown";

/** What versions of tenant keys are for: the newest of each tenant seals, others open until they are retired. */
export type KeyState = "sealing" | "opening" | "retired";

export interface KeyStore {
  /** A random name made with the database; it binds every sealed record to this installation. */
  instanceId(): Promise<string>;
  /** The one that came first is the first. */
  rootKeys(): Promise<RootKeyRecord[]>;
  addRootKey(record: RootKeyRecord): Promise<void>;
  /** How many tenant keys each root key wraps. */
  wrappedBy(): Promise<ReadonlyMap<string, number>>;
  /** Forgets root keys that wrap nothing, but for this one. */
  forgetRootKeysBut(fingerprint: string): Promise<void>;
  /** By version, retired ones too; none of a tenant whose keys were shredded. */
  tenantKeys(tenantId: string): Promise<StoredTenantKey[]>;
  /** How many versions of tenant keys there are in each state, of all tenants together. */
  states(): Promise<Readonly<Record<KeyState, number>>>;
  /** Keeps the one that is there when two processes make the same version at once. Without effect once the tenant is shredded. */
  addTenantKey(key: WrappedTenantKey): Promise<void>;
  /** Tenant keys that other root keys than this wrap. */
  wrappedByOthers(fingerprint: string, limit: number): Promise<WrappedTenantKey[]>;
  /** Replaces the wrapping by compare-and-set on the root key that it had. */
  rewrap(key: WrappedTenantKey, from: string): Promise<void>;
  /** Only a key that a newer one has replaced for `graceMs`, and that seals nothing. */
  retire(tenantId: string, version: number, graceMs: number): Promise<RetireResult>;
  /** Deletes keys that were retired before so long and still seal nothing. Returns how many. */
  purge(retiredForMs: number): Promise<number>;
  /** Deletes all keys of a tenant for good, and what they sealed can never be opened again. Returns how many there were. */
  shred(tenantId: string): Promise<number>;
}
