import { createAdmission } from "../access/admission.ts";
import { createAuthenticator, type Caller } from "../access/authenticator.ts";
import { createEventLimit } from "../access/event-limit.ts";
import { createHandedOut } from "../access/handed-out.ts";
import { keepUsage, type UsageKeeping } from "../access/keep-usage.ts";
import { createKeyUses } from "../access/key-uses.ts";
import { createOperatorSessions } from "../access/operator-session.ts";
import { createRateLimits } from "../access/rate-limits.ts";
import { createRedemption } from "../access/redemption.ts";
import { createSessionLimit } from "../access/session-limit.ts";
import { createSignInLimit } from "../access/sign-in-limit.ts";
import type { Tenants } from "../access/tenants.ts";
import { createIdentify } from "../api/guard.ts";
import { createHotRoute } from "../api/hot-route.ts";
import { HTTP_LIMITS } from "../api/http-limits.ts";
import { createOperatorCookie } from "../api/operator-cookie.ts";
import { createOperatorGuard } from "../api/operator-guard.ts";
import { createPeerAddress } from "../api/peer-address.ts";
import { accessTokenRoutes } from "../api/routes/access-token.ts";
import { agentTokenRoute } from "../api/routes/agent-tokens.ts";
import { apiKeyRoutes } from "../api/routes/api-keys.ts";
import { auditRoute } from "../api/routes/audit.ts";
import { campaignRoutes } from "../api/routes/campaigns.ts";
import { clientSecretRoutes } from "../api/routes/client-secrets.ts";
import { clientRoutes } from "../api/routes/clients.ts";
import { connectSessionRoutes } from "../api/routes/connect-sessions.ts";
import { connectionRoutes } from "../api/routes/connections.ts";
import { dpopProofRoute } from "../api/routes/dpop-proof.ts";
import { exportRoutes } from "../api/routes/exports.ts";
import { handoverRoute } from "../api/routes/handover.ts";
import { importRoutes } from "../api/routes/import.ts";
import { incidentRoutes } from "../api/routes/incidents.ts";
import { installationRoute, type Installation } from "../api/routes/installation.ts";
import { jwksRoutes } from "../api/routes/jwks.ts";
import { keyRoutes } from "../api/routes/keys.ts";
import { liveRoute } from "../api/routes/live.ts";
import { metricsRoute } from "../api/routes/metrics.ts";
import { operationRoutes } from "../api/routes/operations.ts";
import { operatorSessionRoutes } from "../api/routes/operator-sessions.ts";
import { overviewRoute } from "../api/routes/overview.ts";
import { providerRoutes } from "../api/routes/providers.ts";
import { reauthorizationLinkRoutes } from "../api/routes/reauthorization-link.ts";
import { refreshRoutes } from "../api/routes/refreshes.ts";
import { releaseRoute } from "../api/routes/release.ts";
import { securityEventAddresses } from "../api/routes/security-event-addresses.ts";
import { securityEventRoutes } from "../api/routes/security-events.ts";
import { tenantRoutes } from "../api/routes/tenants.ts";
import { tokenReadRoute } from "../api/routes/token-reads.ts";
import { virtualRefreshTokenRoutes } from "../api/routes/virtual-refresh-tokens.ts";
import { webhookDeliveryRoutes } from "../api/routes/webhook-deliveries.ts";
import { webhookEndpointRoutes, type WebhookRouteDeps } from "../api/routes/webhook-endpoints.ts";
import { webhookSecretRoutes } from "../api/routes/webhook-secrets.ts";
import { createApp, type App } from "../api/server.ts";
import type { ConnectPorts } from "../connect/ports.ts";
import type { ConnectionStore } from "../connection/store.ts";
import { createLive } from "../event/live.ts";
import { managedIdentity } from "../facade/managed-identity.ts";
import { isProxied, proxy } from "../facade/proxy/proxy.ts";
import { PROXY_LIMITS } from "../facade/proxy/room.ts";
import { tokenEndpoint } from "../facade/token-endpoint.ts";
import type { ApiTransport } from "../oauth/api-transport.ts";
import { clientKeys } from "../keyring/client-keys.ts";
import { registerConnectPages } from "../pages/connect-pages.ts";
import { registerDashboard } from "../pages/dashboard.ts";
import { registerOperatorPages, type OperatorPagesDeps } from "../pages/operator-pages.ts";
import type { AccessTokens } from "../refresh/access-token.ts";
import type { OpenBreakers } from "../refresh/open-breakers.ts";
import type { RefreshCounts } from "../refresh/refresh-counts.ts";
import type { SecurityEventPorts } from "../security-event/ports.ts";
import { createApiKeyStore } from "../store/api-keys.ts";
import { createAuditStore } from "../store/audit.ts";
import type { OpenedDatabase } from "../store/database.ts";
import { createOperatorSessionStore } from "../store/operator-sessions.ts";
import { createOutboxStore } from "../store/outbox.ts";
import { createTokenReadStore } from "../store/token-reads.ts";
import { createVirtualRefreshTokenStore } from "../store/virtual-refresh-tokens.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { createActing } from "./acting-stores.ts";
import { createCallerPorts } from "./caller-ports.ts";
import type { Secrets } from "./open-secrets.ts";
import { openSignIn, type SignInParts } from "./open-sign-in.ts";
import type { Settings } from "./settings.ts";
import { readVersion } from "./version.ts";

export interface ApiParts extends Pick<
  Secrets,
  "keyStore" | "keyring" | "pepper" | "auditKey" | "sessionKey" | "agentKey"
> {
  database: OpenedDatabase;
  metrics: Metrics;
  refreshCounts: RefreshCounts;
  openBreakers: OpenBreakers;
  connectPorts: ConnectPorts;
  accessTokens: AccessTokens;
  tenants: Tenants;
  webhookPorts: Pick<WebhookRouteDeps, "refusedUrl" | "testWebhook">;
  /** Keeps this process's memory true about what is changed through a store. */
  watched(this: void, store: ConnectionStore): ConnectionStore;
  securityEvents: SecurityEventPorts;
  apis: ApiTransport;
  /** The service takes nothing new any more. */
  isStopping: () => boolean;
}

/** Everything that answers over HTTP, and does not listen yet; and what remembers who used it. */
export async function openApi(parts: ApiParts, settings: Settings): Promise<{ app: App; usage: UsageKeeping }> {
  const { database, metrics, connectPorts, accessTokens, tenants, watched, isStopping } = parts;
  const { keyStore, keyring, pepper, sessionKey, auditKey, agentKey } = parts;
  const { clock, random, observer, publicUrl } = connectPorts;
  const keys = createApiKeyStore(database);
  const reads = createTokenReadStore(database);
  const authenticator = createAuthenticator({ keys, tenants, pepper, agentKey, clock });
  const uses = createKeyUses({ clock, keys, observer });
  const counted = createHandedOut({ clock, reads, observer, onMany: () => usage.soon() });
  const virtualRefreshTokens = createVirtualRefreshTokenStore(database);
  const redemptions = createKeyUses({ clock, keys: virtualRefreshTokens, observer });
  const usage = keepUsage(clock, [uses, counted, redemptions, parts.refreshCounts]);
  const handedOut = {
    count: (keyId: string, connectionId: string) => {
      metrics.countRead();
      counted.count(keyId, connectionId);
    },
  };
  const limits = createRateLimits(clock, settings.rateLimit);
  const operatorSessions = createOperatorSessionStore(database);
  const policy = settings.operatorSignIn;
  const operators = createOperatorSessions({
    store: operatorSessions,
    keys,
    tenants,
    policy,
    sessionKey,
    clock,
    random,
  });
  const operatorCookie = createOperatorCookie(publicUrl);
  const admission = createAdmission({ authenticator, operators, limits, uses, clock });
  const peerAddress = createPeerAddress(settings.trustedProxies);
  const ready = async (): Promise<boolean> => {
    await keyStore.rootKeys();
    return !isStopping();
  };
  const shortcut = createHotRoute({ admission, accessTokens, handedOut, peerAddress });
  const operatorGuard = createOperatorGuard({ admission, sessions: operators, cookie: operatorCookie, publicUrl });
  const app = await createApp({
    admission,
    peerAddress,
    operatorGuard,
    observer,
    shortcut,
    isStreamed: isProxied,
    limits: HTTP_LIMITS,
  });
  operationRoutes(app, { ready });
  metricsRoute(app, metrics);
  const portsFor = createCallerPorts({ database, auditKey, watched, connectPorts });
  const { catalogue, transport } = connectPorts;
  providerRoutes(app, { catalogue, transport, actingFor: (caller) => portsFor(caller).acting });
  clientRoutes(app, (caller) => ({ ...portsFor(caller), keys: clientKeys }));
  clientSecretRoutes(app, (caller) => ({ ...portsFor(caller), keys: clientKeys }));
  jwksRoutes(app, connectPorts);
  connectSessionRoutes(app, portsFor, createSessionLimit(clock));
  importRoutes(app, portsFor);
  handoverRoute(app, portsFor);
  const lineage = { audit: createAuditStore(database, auditKey), keys };
  exportRoutes(app, (caller) => ({ ...portsFor(caller), lineage }));
  connectionRoutes(app, portsFor);
  overviewRoute(app, portsFor);
  installationRoute(app, { installation: installationOf(settings), publicUrl, tenants });
  liveRoute(app, {
    live: createLive({ clock, outbox: createOutboxStore(database), observer }),
    clock,
    identify: createIdentify(admission, peerAddress, operatorGuard),
  });
  refreshRoutes(app, (caller) => ({ ...portsFor(caller), openBreakers: parts.openBreakers }));
  reauthorizationLinkRoutes(app, portsFor);
  releaseRoute(app, portsFor);
  campaignRoutes(app, portsFor);
  tokenReadRoute(app, portsFor);
  incidentRoutes(app, portsFor);
  accessTokenRoutes(app, { accessTokens, handedOut });
  dpopProofRoute(app, { ...connectPorts, accessTokens });
  keyRoutes(app, (caller) => {
    const ports = portsFor(caller);
    return { ...ports, keys: ports.tenantKeys, keyring };
  });
  apiKeyRoutes(app, (caller) => {
    const ports = portsFor(caller);
    return { ...ports, keys: ports.apiKeys, authenticator, pepper };
  });
  agentTokenRoute(app, (caller) => ({ ...portsFor(caller), agentKey }));
  tenantRoutes(app, (caller) => {
    const ports = portsFor(caller);
    return { ...ports, keys: ports.tenantKeys, keyring, authenticator };
  });
  auditRoute(app, (caller) => portsFor(caller).audit);
  const webhookDepsFor = (caller: Caller) => ({ ...portsFor(caller), ...parts.webhookPorts });
  webhookEndpointRoutes(app, webhookDepsFor);
  webhookSecretRoutes(app, webhookDepsFor);
  webhookDeliveryRoutes(app, webhookDepsFor);
  operatorSessionRoutes(app, (caller) => ({ ...portsFor(caller), operators, operatorCookie }));
  virtualRefreshTokenRoutes(app, (caller) => ({ ...portsFor(caller), pepper }));
  const redeem = createRedemption({ virtualRefreshTokens, admission, uses: redemptions, pepper, clock });
  const facade = { ...connectPorts, admission, peerAddress, accessTokens, handedOut, redeem };
  tokenEndpoint(app, facade);
  managedIdentity(app, facade);
  proxy(app, { ...facade, apis: parts.apis, storesFor: portsFor, limits: PROXY_LIMITS });
  securityEventRoutes(app, portsFor);
  securityEventAddresses(app, { ...parts.securityEvents, limit: createEventLimit(clock), peerAddress });
  const acting = createActing({ database, auditKey, watched });
  registerConnectPages(app, { ...connectPorts, acting, peerAddress });
  const forSignIn = { ...connectPorts, database, operators, acting, sessionKey, peerAddress };
  registerDashboard(app, { ...connectPorts, hasSignIn: policy !== null });
  await addOperatorPages(app, settings, { ...forSignIn, cookie: operatorCookie });
  return { app, usage };
}

function installationOf({ database, operatorSignIn, mail }: Settings): Installation {
  return {
    version: readVersion(),
    database: database.kind,
    sign_in_issuer: operatorSignIn?.issuer ?? null,
    mails_operators: mail !== null,
  };
}

type OperatorParts = SignInParts & Omit<OperatorPagesDeps, "signIn" | "limit">;

/** Only where the settings name an issuer. */
async function addOperatorPages(app: App, { operatorSignIn }: Settings, parts: OperatorParts): Promise<void> {
  if (!operatorSignIn) return;
  const signIn = await openSignIn(parts, operatorSignIn);
  registerOperatorPages(app, { ...parts, signIn, limit: createSignInLimit(parts.clock) });
}
