import type { KeyStore, RootKeyRecord, StoredTenantKey } from "../../src/access/key-store.ts";

export interface MemoryKeyStore extends KeyStore {
  roots: RootKeyRecord[];
  tenants: StoredTenantKey[];
  /** How often somebody tried to add a tenant key. */
  attempts: number;
  /** How often the keys of a tenant were read. */
  reads: number;
  /** Thrown by every call while it is set. */
  failure: Error | null;
}

/** Keys in memory, under the contract of `KeyStore`: of two first keys the one that came first stays. Nothing is ever in use. */
export function createMemoryKeyStore(instanceId = "inst-1"): MemoryKeyStore {
  const store: MemoryKeyStore = {
    roots: [],
    tenants: [],
    attempts: 0,
    reads: 0,
    failure: null,
    instanceId: async () => instanceId,
    rootKeys: async () => [...store.roots],
    addRootKey: async (record) => {
      if (!store.roots.some(({ fingerprint }) => fingerprint === record.fingerprint)) store.roots.push(record);
    },
    wrappedBy: async () => {
      const counts = new Map<string, number>();
      for (const { rootFingerprint: root } of store.tenants) counts.set(root, (counts.get(root) ?? 0) + 1);
      return counts;
    },
    forgetRootKeysBut: async (fingerprint) => {
      const used = new Set([fingerprint, ...store.tenants.map(({ rootFingerprint }) => rootFingerprint)]);
      store.roots = store.roots.filter((root) => used.has(root.fingerprint));
    },
    tenantKeys: async (tenantId) => {
      store.reads++;
      if (store.failure) throw store.failure;
      const own = store.tenants.filter((key) => key.tenantId === tenantId);
      return own.toSorted((one, other) => one.version - other.version);
    },
    addTenantKey: async (key) => {
      store.attempts++;
      const known = store.tenants.some(({ tenantId, version }) => tenantId === key.tenantId && version === key.version);
      if (!known) store.tenants.push({ ...key, createdAt: 0, retiredAt: null });
    },
    states: async () => ({ sealing: 0, opening: 0, retired: 0 }),
    wrappedByOthers: async (fingerprint, limit) =>
      store.tenants.filter(({ rootFingerprint }) => rootFingerprint !== fingerprint).slice(0, limit),
    rewrap: async (key, from) => {
      store.tenants = store.tenants.map((stored) => {
        const isIt = stored.tenantId === key.tenantId && stored.version === key.version;
        return isIt && stored.rootFingerprint === from ? { ...stored, ...key } : stored;
      });
    },
    retire: async () => "unknown",
    purge: async () => 0,
    shred: async (tenantId) => {
      const before = store.tenants.length;
      store.tenants = store.tenants.filter((key) => key.tenantId !== tenantId);
      return before - store.tenants.length;
    },
  };
  return store;
}
