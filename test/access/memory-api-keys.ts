import type { ApiKey } from "../../src/access/api-key.ts";
import type { ApiKeyStore } from "../../src/access/store.ts";
import type { Clock } from "../../src/runtime/clock.ts";

/** API keys in memory, with the ids that were looked up. Rotation and use are the real stores' matter. */
export function createMemoryApiKeys(clock: Clock): ApiKeyStore & { lookups: string[] } {
  const keys = new Map<string, ApiKey>();
  const lookups: string[] = [];
  const unused = { revokedAt: null, replacedBy: null, lastUsedAt: null, lastUsedFrom: null };
  return {
    lookups,
    create: async (key) => void keys.set(key.id, { ...key, ...unused, createdAt: clock.now() }),
    find: async (id) => {
      lookups.push(id);
      return keys.get(id) ?? null;
    },
    list: async (tenantId) => [...keys.values()].filter((key) => key.tenantId === tenantId),
    revoke: async (tenantId, id) => {
      const key = keys.get(id);
      if (!key || key.tenantId !== tenantId || key.revokedAt !== null) return false;
      keys.set(id, { ...key, revokedAt: clock.now() });
      return true;
    },
    rotate: () => Promise.reject(new Error("not here")),
    markUsed: () => Promise.reject(new Error("not here")),
    takeFromEnvironment: () => Promise.reject(new Error("not here")),
  };
}
