import type { ApiKey } from "../../src/access/api-key.ts";
import type { ApiKeyStore } from "../../src/access/store.ts";
import type { Clock } from "../../src/runtime/clock.ts";

/** API keys in memory, with the ids that were looked up. */
export function createMemoryApiKeys(clock: Clock): ApiKeyStore & { lookups: string[] } {
  const keys = new Map<string, ApiKey>();
  const lookups: string[] = [];
  return {
    lookups,
    create: async (key) => void keys.set(key.id, { ...key, createdAt: clock.now(), revokedAt: null }),
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
  };
}
