import { setImmediate as nextTurn } from "node:timers/promises";
import { getProxyForUrl } from "proxy-from-env";
import { keepCheckpoints } from "../access/keep-checkpoints.ts";
import { createTenants } from "../access/tenants.ts";
import { HTTP_LIMITS } from "../api/http-limits.ts";
import type { App } from "../api/server.ts";
import { createSecretUpkeep } from "../client/secret-upkeep.ts";
import type { ConnectPorts } from "../connect/ports.ts";
import { reauthorizationLink } from "../connect/reauthorization-link.ts";
import { runCampaigns } from "../incident/run-campaigns.ts";
import { openJournal, type OpenJournal } from "../journal/journal.ts";
import { createRekeyer } from "../keyring/rekeyer.ts";
import { createApiTransport } from "../network/api-transport.ts";
import { createTransport } from "../network/transport.ts";
import { createDpopNonces } from "../oauth/dpop-nonce.ts";
import { createCatalogue } from "../provider/catalogue.ts";
import type { AccessTokens } from "../refresh/access-token.ts";
import { createOpenBreakers, type OpenBreakers } from "../refresh/open-breakers.ts";
import { createPace } from "../refresh/pace/create-pace.ts";
import { createOldestProof } from "../refresh/oldest-proof.ts";
import type { RefreshPorts } from "../refresh/ports.ts";
import { createRefreshCounts, type RefreshCounts } from "../refresh/refresh-counts.ts";
import { watchIncidents } from "../incident/watch.ts";
import { createProbes } from "../refresh/probes.ts";
import { createScopeUpkeep } from "../refresh/scope-upkeep.ts";
import { MINUTE, SECOND } from "../runtime/clock.ts";
import { createPoller } from "../security-event/poll.ts";
import { pruneEvents } from "../security-event/prune-events.ts";
import type { Observer } from "../runtime/observer.ts";
import { createId } from "../runtime/id.ts";
import type { Secret } from "../runtime/secret.ts";
import { createAuditStore } from "../store/audit.ts";
import { createCampaignStore } from "../store/campaigns.ts";
import { createClientStore } from "../store/clients.ts";
import { createConnectSessionStore } from "../store/connect-sessions.ts";
import { createConnectionStore } from "../store/connections.ts";
import type { Database, OpenedDatabase } from "../store/database.ts";
import { createKeyStore } from "../store/keys.ts";
import { createIncidentStore } from "../store/incidents.ts";
import { createProbeStore } from "../store/probes.ts";
import { createProviderStore } from "../store/providers.ts";
import { createRefreshCountStore } from "../store/refresh-counts.ts";
import { createRekeyStore } from "../store/rekeys.ts";
import { createInstanceStore } from "../store/instances.ts";
import { createRestoreStore } from "../store/restores.ts";
import { createSecurityEventStore } from "../store/security-events.ts";
import { createSealedStore } from "../store/sealed-store.ts";
import { createTenantStore } from "../store/tenants.ts";
import { createTokenReadStore } from "../store/token-reads.ts";
import { createDeliveryStore } from "../store/webhook-deliveries.ts";
import { createLogger, createLogObserver } from "../telemetry/log.ts";
import { createStartingApiKeys } from "./acting-stores.ts";
import { createMetrics, type Metrics, type StoredNumbers } from "../telemetry/metrics.ts";
import { ensureAdminKey } from "./admin-key.ts";
import { readBuiltInProviders } from "./built-in-providers.ts";
import { createEngine } from "./engine.ts";
import { openApi } from "./open-api.ts";
import { openDatabase } from "./open-database.ts";
import { openNotifications } from "./notifications.ts";
import { openSecrets, type Secrets } from "./open-secrets.ts";
import type { Settings } from "./settings.ts";
import { replayJournals } from "./replay-journals.ts";
import { guardInstances } from "./restore-guard.ts";
import { createSecurityEventPorts } from "./security-event-ports.ts";
import { startErrorOf } from "./start-error.ts";
import type { System } from "./system.ts";

/** One instance of the service, wired and alive in the database, that does nothing by itself before it is told to begin. */
export interface OpenedService {
  /** Everything that answers over HTTP; it listens nowhere yet. */
  app: App;
  accessTokens: AccessTokens;
  /** A new admin key, to be shown once; null when there was one already. */
  newAdminKey: Secret<string> | null;
  /** Refreshes ahead of need, and whatever else has its time. `url` is where the service listens; null where it does not. */
  begin(this: void, url: string | null): void;
  /** Takes nothing new, finishes what was sent, closes the store. */
  close(this: void): Promise<void>;
}

/** Wires everything together. Throws `StartError` before any network call when something is not as it must be. */
export async function openService(settings: Settings, system: System): Promise<OpenedService> {
  const database = await openDatabase(settings.database, system.clock).catch(startErrorOf("database"));
  const log = createLogObserver(createLogger(settings.logLevel, system.log));
  const oldestProof = createOldestProof(system.clock, createProbeStore(database));
  const metrics = createMetrics(async () => ({ ...(await storedNumbers(database)), oldestProof: await oldestProof() }));
  const refreshCounts = createRefreshCounts({ ...system, counts: createRefreshCountStore(database), observer: log });
  const openBreakers = createOpenBreakers();
  const observers = [log, metrics.observer, refreshCounts.observer, openBreakers.observer];
  const observer: Observer = { event: (name, fields) => observers.forEach((each) => each.event(name, fields)) };
  try {
    const secrets = await openSecrets(database, settings, system);
    const instanceId = createId("ins", system.clock, system.random);
    const { dataDir } = settings;
    const { clock } = system;
    const journal = await openJournal({ dataDir, instanceId, clock, observer }).catch(startErrorOf("database"));
    try {
      const opened = { database, journal, observer, metrics, refreshCounts, openBreakers, instanceId, ...secrets };
      return await openOn(opened, settings, system);
    } catch (error) {
      await journal.close();
      throw error;
    }
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** A standby that takes over may lack the last commits, but not more than of so much time. */
const FAILOVER = 10 * MINUTE;

/** Shorter than what callers are given (`HTTP_LIMITS`), so that they hear of it. */
const API_SILENCE = HTTP_LIMITS.silentFor - 10 * SECOND;

interface Opened extends Secrets {
  database: OpenedDatabase;
  journal: OpenJournal;
  observer: Observer;
  metrics: Metrics;
  refreshCounts: RefreshCounts;
  openBreakers: OpenBreakers;
  instanceId: string;
}

async function storedNumbers(database: Database): Promise<Omit<StoredNumbers, "oldestProof">> {
  const [keys, rekeys] = [createKeyStore(database, () => ""), createRekeyStore(database)];
  const incidents = await createIncidentStore(database).countOpen();
  const deliveries = await createDeliveryStore(database).waiting();
  return { keys: await keys.states(), rekeys: await rekeys.list(), incidents, deliveries };
}

async function openOn(opened: Opened, settings: Settings, { clock, random }: System): Promise<OpenedService> {
  const { database, journal, observer, instanceId, keyStore, keyring, pepper, linkKey, seedKey, auditKey } = opened;
  const starting = { keys: createStartingApiKeys({ database, auditKey }), pepper, clock, random };
  const newAdminKey = await ensureAdminKey(starting, settings.adminKey);
  const network = { allowedPrivateHosts: settings.allowedPrivateHosts, proxyFor: getProxyForUrl };
  const transport = createTransport(network);
  const apis = createApiTransport({ ...network, silentForMs: API_SILENCE });
  const sessions = createConnectSessionStore(database);
  const { publicUrl, dataDir } = settings;
  const outside: RefreshPorts = {
    clock,
    random,
    observer,
    transport,
    dpopNonces: createDpopNonces(),
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
  const engine = createEngine(outside, {
    sessions,
    tokenReads: createTokenReadStore(database),
    instances,
    reauthorizationUrl: (connection) => reauthorizationLink(connectPorts, connection).url,
  });
  const { ports, watched, changed, refresher, accessTokens, sweep, heartbeat } = engine;
  const checkpoints = keepCheckpoints({ audit: createAuditStore(database, auditKey), clock, observer });
  const tenantStore = createTenantStore(database);
  const tenants = createTenants(tenantStore);
  const addressOfTenant = (id: string): string => tenants.recall(id)?.publicUrl ?? publicUrl;
  const campaignStore = createCampaignStore(database);
  const connectPorts: ConnectPorts = {
    ...ports,
    refresher,
    sessions,
    moves: campaignStore,
    tenants: tenantStore,
    addressOfTenant,
    linkKey,
    seedKey,
  };
  const securityEvents = createSecurityEventPorts(connectPorts, { database, changed });
  await replayJournals({ ...ports, dataDir }).catch(startErrorOf("database"));

  const rekeyer = createRekeyer({
    clock,
    observer,
    instanceId,
    keyring,
    sealed: createSealedStore(database),
    rekeys: createRekeyStore(database),
    keys: keyStore,
    isGone: (instance) => journal.isGone(instance),
    valuesPerSecond: settings.rekeyRate,
    breathe: nextTurn,
  });

  const notifications = openNotifications(database, connectPorts, settings);
  const { webhookPorts } = notifications;
  const rounds = [
    rekeyer,
    createSecretUpkeep(outside),
    runCampaigns({ campaigns: campaignStore, clock, observer }),
    watchIncidents({ ...outside, incidents: createIncidentStore(database) }),
    createScopeUpkeep(ports),
    createProbes({ ...ports, refresher, probes: createProbeStore(database) }),
    createPoller({ ...securityEvents, transport }),
    pruneEvents({ events: createSecurityEventStore(database), clock, observer }),
    notifications,
  ];
  let stopping = false;
  const isStopping = (): boolean => stopping;
  const { app, usage } = await openApi(
    { ...opened, connectPorts, accessTokens, tenants, webhookPorts, watched, securityEvents, apis, isStopping },
    settings,
  );
  await heartbeat.start().catch(startErrorOf("database"));
  let begun = false;
  return {
    app,
    accessTokens,
    newAdminKey,
    begin: (url) => {
      begun = true;
      for (const each of [sweep, ...rounds, usage, checkpoints]) each.start();
      observer.event("service.started", { url, publicUrl, instanceId });
    },
    close: async () => {
      stopping = true;
      const stopped = [sweep, ...rounds].map((each) => each.stop());
      await Promise.all([...stopped, app.close(), refresher.drain()]);
      await usage.stop();
      await checkpoints.stop();
      await heartbeat.stop();
      await journal.close();
      apis.close();
      await transport.close();
      await database.close();
      if (begun) observer.event("service.stopped");
    },
  };
}
