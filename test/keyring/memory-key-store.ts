import type { KeyStore, RootKeyRecord, WrappedTenantKey } from "../../src/access/store.ts";

export interface MemoryKeyStore extends KeyStore {
  roots: RootKeyRecord[];
  tenants: WrappedTenantKey[];
  /** How often somebody tried to add a tenant key. */
  attempts: number;
}

/** Keys in memory, under the contract of `KeyStore`: of two first keys the one that came first stays. */
export function createMemoryKeyStore(instanceId = "inst-1"): MemoryKeyStore {
  const store: MemoryKeyStore = {
    roots: [],
    tenants: [],
    attempts: 0,
    instanceId: async () => instanceId,
    rootKeys: async () => [...store.roots],
    addRootKey: async (record) => {
      if (!store.roots.some(({ fingerprint }) => fingerprint === record.fingerprint)) store.roots.push(record);
    },
    tenantKeys: async (tenantId) => store.tenants.filter((key) => key.tenantId === tenantId),
    addTenantKey: async (key) => {
      store.attempts++;
      const known = store.tenants.some(({ tenantId, version }) => tenantId === key.tenantId && version === key.version);
      if (!known) store.tenants.push(key);
    },
  };
  return store;
}
