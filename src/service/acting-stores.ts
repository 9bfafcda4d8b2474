import { systemAct, type Act, type ActName } from "../access/audit.ts";
import type { ApiKeyStore } from "../access/store.ts";
import type { ActingStores } from "../api/acts.ts";
import type { ConnectionStore } from "../connection/store.ts";
import type { Secret } from "../runtime/secret.ts";
import { createApiKeyStore } from "../store/api-keys.ts";
import { auditing, noteAct } from "../store/auditing.ts";
import { createCampaignStore } from "../store/campaigns.ts";
import { createClientStore } from "../store/clients.ts";
import { createConnectSessionStore } from "../store/connect-sessions.ts";
import { createConnectionStore } from "../store/connections.ts";
import type { Database } from "../store/database.ts";
import { createExportStore } from "../store/exports.ts";
import { createIncidentStore } from "../store/incidents.ts";
import { createKeyStore } from "../store/keys.ts";
import { createOperatorSessionStore } from "../store/operator-sessions.ts";
import { createOperatorSignInStore } from "../store/operator-sign-ins.ts";
import { createProviderStore } from "../store/providers.ts";
import { createRestoreStore } from "../store/restores.ts";
import { createSecurityEventReceiverStore } from "../store/security-event-receivers.ts";
import { createTenantStore } from "../store/tenants.ts";
import { createDeliveryStore } from "../store/webhook-deliveries.ts";
import { createVirtualRefreshTokenStore } from "../store/virtual-refresh-tokens.ts";
import { createWebhookStore } from "../store/webhook-endpoints.ts";

export interface ActingDeps {
  database: Database;
  auditKey: Secret<Uint8Array>;
  /** Keeps this process's memory true about what is changed. */
  watched(this: void, store: ConnectionStore): ConnectionStore;
}

/** Stores that write down what is changed through them, one set for each act. */
export function createActing({ database, auditKey, watched }: ActingDeps) {
  return (act: Act): ActingStores => {
    const audited = auditing(database, auditKey, act);
    return {
      note: () => noteAct(database, auditKey, act),
      apiKeys: createApiKeyStore(audited),
      campaigns: createCampaignStore(audited),
      clients: createClientStore(audited),
      connections: watched(createConnectionStore(audited)),
      connectSessions: createConnectSessionStore(audited),
      exports: createExportStore(audited),
      incidents: createIncidentStore(audited),
      deliveries: createDeliveryStore(audited),
      operatorSessions: createOperatorSessionStore(audited),
      operatorSignIns: createOperatorSignInStore(audited),
      providers: createProviderStore(audited),
      receivers: createSecurityEventReceiverStore(audited),
      restores: createRestoreStore(audited),
      tenantKeys: createKeyStore(audited, unnamed),
      tenants: createTenantStore(audited),
      virtualRefreshTokens: createVirtualRefreshTokenStore(audited),
      webhooks: createWebhookStore(audited),
    };
  };
}

/** For the start, which makes the first admin key, and adopts the one that the settings name. */
export function createStartingApiKeys({ database, auditKey }: Omit<ActingDeps, "watched">): ApiKeyStore {
  const as = (name: ActName, id: string): ApiKeyStore =>
    createApiKeyStore(auditing(database, auditKey, systemAct(name, id)));
  return {
    ...createApiKeyStore(database),
    create: (key) => as("api_key.created", key.id).create(key),
    takeFromEnvironment: (id) => as("api_key.adopted", id).takeFromEnvironment(id),
  };
}

export function unnamed(): never {
  throw new Error("A database has its name before anybody acts on it.");
}
