import { secret } from "../../src/runtime/secret.ts";
import type { Act, AuditStore } from "../../src/access/audit.ts";
import { createApiKeyStore } from "../../src/store/api-keys.ts";
import { createAuditStore } from "../../src/store/audit.ts";
import { auditing } from "../../src/store/auditing.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage, type StoreStage } from "../stage/store-stage.ts";

export const AUDIT_KEY = secret(Buffer.alloc(32, 7));

export interface AuditStage extends StoreStage {
  audit: AuditStore;
  /** Makes an API key of the tenant, as an act. */
  makeKey(this: void, id: string, tenantId?: string): Promise<void>;
}

export async function openAuditStage(kind: DatabaseKind): Promise<AuditStage> {
  const stage = await openStoreStage(kind);
  return {
    ...stage,
    audit: createAuditStore(stage.database, AUDIT_KEY),
    makeKey: (id, tenantId = "default") =>
      createApiKeyStore(auditing(stage.database, AUDIT_KEY, actOn(id, { tenantId }))).create(newKey(id, tenantId)),
  };
}

export function actOn(objectId: string, change: Partial<Act> = {}): Act {
  return {
    name: "api_key.created",
    actor: { kind: "api_key", id: "key_admin" },
    tenantId: "default",
    objectId,
    from: "192.0.2.1",
    detail: { scopes: "token:read", nul: "\0", pair: "\u{d83d}", umlaut: "ü", none: null, count: 3, yes: true },
    ...change,
  };
}

export function newKey(id: string, tenantId = "default") {
  return {
    id,
    tenantId,
    name: "k",
    scopes: ["token:read" as const],
    hash: Buffer.of(1),
    expiresAt: null,
    allowedCidrs: [],
    rateLimit: null,
    replaces: null,
  };
}
