import type { ApiKey } from "./api-key.ts";

export interface ApiKeyStore {
  /** Keeps the one that is there when two processes store the same key at once. */
  create(key: Omit<ApiKey, "createdAt" | "revokedAt">): Promise<void>;
  find(id: string): Promise<ApiKey | null>;
  list(tenantId: string): Promise<ApiKey[]>;
  /** False when there is no such live key of the tenant. */
  revoke(tenantId: string, id: string): Promise<boolean>;
}

export const DEFAULT_TENANT = "default";
