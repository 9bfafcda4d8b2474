import { setImmediate as nextTurn } from "node:timers/promises";
import { getProxyForUrl } from "proxy-from-env";
import { createAdmission } from "../access/admission.ts";
import { createAuthenticator } from "../access/authenticator.ts";
import { createHandedOut } from "../access/handed-out.ts";
import { keepCheckpoints } from "../access/keep-checkpoints.ts";
import { keepUsage } from "../access/keep-usage.ts";
import { createKeyUses } from "../access/key-uses.ts";
import { createOperatorSessions } from "../access/operator-session.ts";
import { createRateLimits } from "../access/rate-limits.ts";
import { createSessionLimit } from "../access/session-limit.ts";
import { createTenants } from "../access/tenants.ts";
import { createHotRoute } from "../api/hot-route.ts";
import { HTTP_LIMITS } from "../api/http-limits.ts";
import { createOperatorCookie } from "../api/operator-cookie.ts";
import { createOperatorGuard } from "../api/operator-guard.ts";
import { createPeerAddress } from "../api/peer-address.ts";
import { accessTokenRoutes } from "../api/routes/access-token.ts";
import { apiKeyRoutes } from "../api/routes/api-keys.ts";
import { auditRoute } from "../api/routes/audit.ts";
import { clientSecretRoutes } from "../api/routes/client-secrets.ts";
import { clientRoutes } from "../api/routes/clients.ts";
import { connectSessionRoutes } from "../api/routes/connect-sessions.ts";
import { jwksRoutes } from "../api/routes/jwks.ts";
import { keyRoutes } from "../api/routes/keys.ts";
import { connectionRoutes } from "../api/routes/connections.ts";
import { importRoute } from "../api/routes/import.ts";
import { metricsRoute } from "../api/routes/metrics.ts";
import { operationRoutes } from "../api/routes/operations.ts";
import { operatorSessionRoutes } from "../api/routes/operator-sessions.ts";
import { providerRoutes } from "../api/routes/providers.ts";
import { releaseRoute } from "../api/routes/release.ts";
import { tenantRoutes } from "../api/routes/tenants.ts";
import { tokenReadRoute } from "../api/routes/token-reads.ts";
import { createApp, type App } from "../api/server.ts";
import type { KeyStore } from "../access/key-store.ts";
import { createSecretUpkeep } from "../client/secret-upkeep.ts";
import type { ConnectPorts } from "../connect/ports.ts";
import { reauthorizationLink } from "../connect/reauthorization-link.ts";
import { openJournal, type OpenJournal } from "../journal/journal.ts";
import { clientKeys } from "../keyring/client-keys.ts";
import { openKeyring, type Keyring } from "../keyring/keyring.ts";
import { createRekeyer } from "../keyring/rekeyer.ts";
import { createTransport } from "../network/transport.ts";
import { registerConnectPages } from "../pages/connect-pages.ts";
import { createCatalogue } from "../provider/catalogue.ts";
import { createPace } from "../refresh/pace/create-pace.ts";
import type { RefreshPorts } from "../refresh/ports.ts";
import { MINUTE } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import { createId } from "../runtime/id.ts";
import { randomToken } from "../runtime/random.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { createApiKeyStore } from "../store/api-keys.ts";
import { createAuditStore } from "../store/audit.ts";
import { createClientStore } from "../store/clients.ts";
import { createConnectSessionStore } from "../store/connect-sessions.ts";
import { createConnectionStore } from "../store/connections.ts";
import type { Database } from "../store/database.ts";
import { createKeyStore } from "../store/keys.ts";
import { createOperatorSessionStore } from "../store/operator-sessions.ts";
import { createProviderStore } from "../store/providers.ts";
import { createRekeyStore } from "../store/rekeys.ts";
import { createInstanceStore } from "../store/instances.ts";
import { createRestoreStore } from "../store/restores.ts";
import { createSealedStore } from "../store/sealed-store.ts";
import { createTenantStore } from "../store/tenants.ts";
import { createTokenReadStore } from "../store/token-reads.ts";
import { createLogger, createLogObserver } from "../telemetry/log.ts";
import { createActing, createStartingApiKeys } from "./acting-stores.ts";
import { createMetrics, type Metrics, type StoredNumbers } from "../telemetry/metrics.ts";
import { ensureAdminKey } from "./admin-key.ts";
import { readBuiltInProviders } from "./built-in-providers.ts";
import { createEngine } from "./engine.ts";
import { openDatabase } from "./open-database.ts";
import { loadRootKeys } from "./load-root-keys.ts";
import type { Settings } from "./settings.ts";
import { replayJournals } from "./replay-journals.ts";
import { guardInstances } from "./restore-guard.ts";
import { StartError } from "./start-error.ts";
import { realSystem, type System } from "./system.ts";

export interface Service {
  /** Where the service listens. */
  url: string;
  /** A new admin key, to be shown once; null when there was one already. */
  newAdminKey: Secret<string> | null;
  /** Takes nothing new, finishes what was sent, closes the store. */
  close(): Promise<void>;
}

/** Wires everything together and starts it. Throws `StartError` before any network call when something is not as it must be. */
export async function startService(settings: Settings, system: System = realSystem()): Promise<Service> {
  const database = await openDatabase(settings.database, system.clock).catch(startErrorOf("database"));
  const log = createLogObserver(createLogger(settings.logLevel, system.log));
  const metrics = createMetrics(() => storedNumbers(database));
  const observer: Observer = {
    event: (name, fields) => {
      log.event(name, fields);
      metrics.observer.event(name, fields);
    },
  };
  try {
    const secrets = await openSecrets(database, settings, system);
    const instanceId = createId("ins", system.clock, system.random);
    const { dataDir } = settings;
    const { clock } = system;
    const journal = await openJournal({ dataDir, instanceId, clock, observer }).catch(startErrorOf("database"));
    try {
      return await startOn({ database, journal, observer, metrics, instanceId, ...secrets }, settings, system);
    } catch (error) {
      await journal.close();
      throw error;
    }
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface Secrets {
  keyStore: KeyStore;
  keyring: Keyring;
  pepper: Secret<Uint8Array>;
  linkKey: Secret<Uint8Array>;
  seedKey: Secret<Uint8Array>;
  auditKey: Secret<Uint8Array>;
  sessionKey: Secret<Uint8Array>;
}

async function openSecrets(database: Database, settings: Settings, { random, clock }: System): Promise<Secrets> {
  const keyStore = createKeyStore(database, () => randomToken(random, 16));
  const roots = await loadRootKeys(settings, keyStore, random).catch(startErrorOf("key"));
  const keyring = await openKeyring({ keys: keyStore, roots, random, clock }).catch(startErrorOf("key"));
  const [pepper, linkKey, seedKey, auditKey, sessionKey] = await Promise.all([
    keyring.derive("api-keys"),
    keyring.derive("links"),
    keyring.derive("seeds"),
    keyring.derive("audit"),
    keyring.derive("operator-sessions"),
  ]);
  return { keyStore, keyring, pepper, linkKey, seedKey, auditKey, sessionKey };
}

/** A standby that takes over may lack the last commits, but not more than of so much time. */
const FAILOVER = 10 * MINUTE;

interface Opened extends Secrets {
  database: Database;
  journal: OpenJournal;
  observer: Observer;
  metrics: Metrics;
  instanceId: string;
}

async function storedNumbers(database: Database): Promise<StoredNumbers> {
  const [keys, rekeys] = [createKeyStore(database, () => ""), createRekeyStore(database)];
  return { keys: await keys.states(), rekeys: await rekeys.list() };
}

async function startOn(opened: Opened, settings: Settings, { clock, random }: System): Promise<Service> {
  const { database, journal, observer, metrics, instanceId, keyStore, keyring } = opened;
  const { pepper, linkKey, seedKey, auditKey, sessionKey } = opened;
  const keys = createApiKeyStore(database);
  const starting = { keys: createStartingApiKeys({ database, auditKey }), pepper, clock, random };
  const newAdminKey = await ensureAdminKey(starting, settings.adminKey);
  const transport = createTransport({ allowedPrivateHosts: settings.allowedPrivateHosts, proxyFor: getProxyForUrl });
  const sessions = createConnectSessionStore(database);
  const { publicUrl, dataDir } = settings;
  const outside: RefreshPorts = {
    clock,
    random,
    observer,
    transport,
    sealer: keyring,
    catalogue: createCatalogue(readBuiltInProviders(), createProviderStore(database)),
    clients: createClientStore(database),
    connections: createConnectionStore(database),
    journal,
    pace: createPace({ clock, random, observer }),
    publicUrl,
    instanceId,
  };
  const restores = createRestoreStore(database);
  const instances = await guardInstances({
    ...outside,
    dataDir,
    instances: createInstanceStore(database),
    restores,
    forgivesMs: settings.database.kind === "postgres" ? FAILOVER : 0,
  }).catch(startErrorOf("database"));
  const tokenReads = createTokenReadStore(database);
  const engine = createEngine(outside, {
    sessions,
    tokenReads,
    instances,
    reauthorizationUrl: (connection) => reauthorizationLink(connectPorts, connection).url,
  });
  const { ports, watched, refresher, accessTokens, sweep, heartbeat } = engine;
  const acting = createActing({ database, auditKey, watched });
  const audit = createAuditStore(database, auditKey);
  const checkpoints = keepCheckpoints({ audit, clock, observer });
  const tenantStore = createTenantStore(database);
  const tenants = createTenants(tenantStore);
  const addressOfTenant = (id: string): string => tenants.recall(id)?.publicUrl ?? publicUrl;
  const connectPorts: ConnectPorts = {
    ...ports,
    refresher,
    sessions,
    tenants: tenantStore,
    addressOfTenant,
    linkKey,
    seedKey,
  };
  await replayJournals({ ...ports, dataDir }).catch(startErrorOf("database"));

  const sealed = createSealedStore(database);
  const rekeys = createRekeyStore(database);
  const rekeyer = createRekeyer({
    clock,
    observer,
    instanceId,
    keyring,
    sealed,
    rekeys,
    keys: keyStore,
    isGone: (instance) => journal.isGone(instance),
    valuesPerSecond: settings.rekeyRate,
    breathe: nextTurn,
  });

  const authenticator = createAuthenticator({ keys, tenants, pepper, clock });
  const uses = createKeyUses({ clock, keys, observer });
  const counted = createHandedOut({ clock, reads: tokenReads, observer, onMany: () => usage.soon() });
  const usage = keepUsage(clock, [uses, counted]);
  const handedOut = {
    count: (keyId: string, connectionId: string) => {
      metrics.countRead();
      counted.count(keyId, connectionId);
    },
  };
  const secretUpkeep = createSecretUpkeep(outside);
  const limits = createRateLimits(clock, settings.rateLimit);
  const operatorSessions = createOperatorSessionStore(database);
  const operators = createOperatorSessions({ store: operatorSessions, keys, tenants, sessionKey, clock, random });
  const operatorCookie = createOperatorCookie(publicUrl);
  const admission = createAdmission({ authenticator, operators, limits, uses, clock });
  const peerAddress = createPeerAddress(settings.trustedProxies);
  let stopping = false;
  const ready = async (): Promise<boolean> => {
    await keyStore.rootKeys();
    return !stopping;
  };
  const shortcut = createHotRoute({ admission, accessTokens, handedOut, peerAddress });
  const operatorGuard = createOperatorGuard({ admission, sessions: operators, cookie: operatorCookie, publicUrl });
  const app = await createApp({ admission, peerAddress, operatorGuard, observer, shortcut, limits: HTTP_LIMITS });
  operationRoutes(app, { ready });
  metricsRoute(app, metrics);
  const changing = { ...connectPorts, acting, keys: clientKeys };
  providerRoutes(app, changing);
  clientRoutes(app, changing);
  clientSecretRoutes(app, changing);
  jwksRoutes(app, ports);
  connectSessionRoutes(app, changing, createSessionLimit(clock));
  importRoute(app, changing);
  connectionRoutes(app, changing);
  releaseRoute(app, changing);
  tokenReadRoute(app, { ...ports, reads: tokenReads });
  accessTokenRoutes(app, { accessTokens, handedOut });
  keyRoutes(app, { keys: keyStore, keyring, sealed, rekeys, observer, acting });
  apiKeyRoutes(app, { keys, tenants: tenantStore, authenticator, pepper, clock, random, acting });
  tenantRoutes(app, {
    tenants: tenantStore,
    keys: keyStore,
    keyring,
    authenticator,
    observer,
    clock,
    random,
    publicUrl,
    acting,
  });
  auditRoute(app, audit);
  operatorSessionRoutes(app, { operators, operatorSessions, operatorCookie, acting });
  registerConnectPages(app, connectPorts);

  await heartbeat.start().catch(startErrorOf("database"));
  const url = await listen(app, settings).catch(async (error: unknown) => {
    await heartbeat.stop();
    throw error;
  });
  sweep.start();
  rekeyer.start();
  secretUpkeep.start();
  usage.start();
  checkpoints.start();
  observer.event("service.started", { url, publicUrl, instanceId });
  return {
    url,
    newAdminKey,
    close: async () => {
      stopping = true;
      await Promise.all([sweep.stop(), rekeyer.stop(), secretUpkeep.stop(), app.close(), refresher.drain()]);
      await usage.stop();
      await checkpoints.stop();
      await heartbeat.stop();
      await journal.close();
      await transport.close();
      await database.close();
      observer.event("service.stopped");
    },
  };
}

async function listen(app: App, { host, port }: Settings): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    await app.close();
    throw new StartError(
      "address",
      `Cannot listen on ${host}:${port} (${code}). Choose another EVERGRANT_PORT or EVERGRANT_HOST.`,
    );
  }
}

function startErrorOf(kind: "database" | "key") {
  return (error: unknown): never => {
    if (error instanceof ServiceError) throw new StartError(kind, error.message);
    throw error;
  };
}
