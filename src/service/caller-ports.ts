import { DEFAULT_TENANT } from "../access/store.ts";
import type { ForCaller } from "../api/guard.ts";
import type { ConnectPorts } from "../connect/ports.ts";
import { createApiKeyStore } from "../store/api-keys.ts";
import { createAuditStore } from "../store/audit.ts";
import { createCampaignStore } from "../store/campaigns.ts";
import { createClientStore } from "../store/clients.ts";
import { createConnectSessionStore } from "../store/connect-sessions.ts";
import { createConnectionStore } from "../store/connections.ts";
import type { Database, OpenedDatabase } from "../store/database.ts";
import { createExportStore } from "../store/exports.ts";
import { createIncidentStore } from "../store/incidents.ts";
import { createKeyStore } from "../store/keys.ts";
import { createOperatorSessionStore } from "../store/operator-sessions.ts";
import { createOverviewStore } from "../store/overview.ts";
import { createRefreshCountStore } from "../store/refresh-counts.ts";
import { createRekeyStore } from "../store/rekeys.ts";
import { createSealedStore } from "../store/sealed-store.ts";
import { createSecurityEventReceiverStore } from "../store/security-event-receivers.ts";
import { createSecurityEventStore } from "../store/security-events.ts";
import { createTenantStore } from "../store/tenants.ts";
import { createTokenReadStore } from "../store/token-reads.ts";
import { createVirtualRefreshTokenStore } from "../store/virtual-refresh-tokens.ts";
import { createDeliveryStore } from "../store/webhook-deliveries.ts";
import { createWebhookStore } from "../store/webhook-endpoints.ts";
import { createActing, unnamed, type ActingDeps } from "./acting-stores.ts";

export interface CallerPortsDeps extends ActingDeps {
  database: OpenedDatabase;
  connectPorts: ConnectPorts;
}

export type CallerPorts = ReturnType<typeof portsOver>;

/**
 * What routes work with. Whoever calls with a key of a tenant gets stores over a database without the rows of others, whatever the
 * route does with them; the operator, who is let into all tenants, those over the whole. The engine behind `refresher` is its own.
 */
export function createCallerPorts(deps: CallerPortsDeps): ForCaller<CallerPorts> {
  const operators = portsOver(deps, deps.database);
  return ({ tenantId }) =>
    tenantId === DEFAULT_TENANT ? operators : portsOver(deps, deps.database.forTenant(tenantId));
}

function portsOver({ connectPorts, auditKey, watched }: CallerPortsDeps, database: Database) {
  return {
    ...connectPorts,
    clients: createClientStore(database),
    connections: watched(createConnectionStore(database)),
    sessions: createConnectSessionStore(database),
    tenants: createTenantStore(database),
    apiKeys: createApiKeyStore(database),
    campaigns: createCampaignStore(database),
    moves: createCampaignStore(database),
    audit: createAuditStore(database, auditKey),
    operatorSessions: createOperatorSessionStore(database),
    tenantKeys: createKeyStore(database, unnamed),
    sealed: createSealedStore(database),
    rekeys: createRekeyStore(database),
    overview: createOverviewStore(database),
    refreshCounts: createRefreshCountStore(database),
    reads: createTokenReadStore(database),
    exports: createExportStore(database),
    incidents: createIncidentStore(database),
    receivers: createSecurityEventReceiverStore(database),
    securityEvents: createSecurityEventStore(database),
    virtualRefreshTokens: createVirtualRefreshTokenStore(database),
    webhooks: createWebhookStore(database),
    deliveries: createDeliveryStore(database),
    acting: createActing({ database, auditKey, watched }),
  };
}
