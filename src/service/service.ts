import { createAuthenticator } from "../access/authenticator.ts";
import { createHotRoute } from "../api/hot-route.ts";
import { accessTokenRoutes } from "../api/routes/access-token.ts";
import { apiKeyRoutes } from "../api/routes/api-keys.ts";
import { clientRoutes } from "../api/routes/clients.ts";
import { connectSessionRoutes } from "../api/routes/connect-sessions.ts";
import { connectionRoutes } from "../api/routes/connections.ts";
import { operationRoutes } from "../api/routes/operations.ts";
import { providerRoutes } from "../api/routes/providers.ts";
import { createApp, type App } from "../api/server.ts";
import type { ConnectPorts } from "../connect/ports.ts";
import { reauthorizationLink } from "../connect/reauthorization-link.ts";
import { openKeyring } from "../keyring/keyring.ts";
import { createTransport } from "../network/transport.ts";
import { registerConnectPages } from "../pages/connect-pages.ts";
import { createCatalogue } from "../provider/catalogue.ts";
import { createAccessTokens, type OpenSnapshot } from "../refresh/access-token.ts";
import { createRefresher } from "../refresh/refresh.ts";
import { createSweep } from "../refresh/sweep.ts";
import { createTokenCache } from "../refresh/token-cache.ts";
import { randomToken } from "../runtime/random.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { createApiKeyStore } from "../store/api-keys.ts";
import { createClientStore } from "../store/clients.ts";
import { createConnectSessionStore } from "../store/connect-sessions.ts";
import { createConnectionStore } from "../store/connections.ts";
import type { Database } from "../store/database.ts";
import { createKeyStore } from "../store/keys.ts";
import { createProviderStore } from "../store/providers.ts";
import { openSqlite } from "../store/sqlite/open.ts";
import { createLogger, createLogObserver } from "../telemetry/log.ts";
import { ensureAdminKey } from "./admin-key.ts";
import { readBuiltInProviders } from "./built-in-providers.ts";
import { loadRootKey } from "./root-key-file.ts";
import type { Settings } from "./settings.ts";
import { StartError } from "./start-error.ts";
import { realSystem, type System } from "./system.ts";
import { watchConnections } from "./watched-connections.ts";

export interface Service {
  /** Where the service listens. */
  url: string;
  /** A new admin key, to be shown once; null when there was one already. */
  newAdminKey: Secret<string> | null;
  /** Takes nothing new, finishes what was sent, closes the store. */
  close(): Promise<void>;
}

/** Connections whose open access tokens are kept in memory for a moment. */
const CACHED_CONNECTIONS = 20_000;

/** Wires everything together and starts it. Throws `StartError` before any network call when something is not as it must be. */
export async function startService(settings: Settings, system: System = realSystem()): Promise<Service> {
  const database = await openSqlite(settings.databasePath, system.clock).catch(startErrorOf("database"));
  try {
    return await startOn(database, settings, system);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function startOn(database: Database, settings: Settings, { clock, random, log }: System): Promise<Service> {
  const observer = createLogObserver(createLogger(settings.logLevel, log));
  const keyStore = createKeyStore(database, () => randomToken(random, 16));
  const root = await loadRootKey(settings.rootKey, keyStore, random);
  const keyring = await openKeyring(keyStore, root, random).catch(startErrorOf("key"));
  const [pepper, linkKey] = await Promise.all([keyring.derive("api-keys"), keyring.derive("links")]);
  const keys = createApiKeyStore(database);
  const newAdminKey = await ensureAdminKey({ keys, pepper, clock, random }, settings.adminKey);

  const cache = createTokenCache<OpenSnapshot>(clock, CACHED_CONNECTIONS);
  const connections = watchConnections(createConnectionStore(database), (id) => cache.drop(id));
  const transport = createTransport({ allowedPrivateHosts: settings.allowedPrivateHosts });
  const refreshPorts = {
    clock,
    random,
    observer,
    transport,
    sealer: keyring,
    catalogue: createCatalogue(readBuiltInProviders(), createProviderStore(database)),
    clients: createClientStore(database),
    connections,
  };
  const refresher = createRefresher(refreshPorts);
  const sessions = createConnectSessionStore(database);
  const { publicUrl } = settings;
  const connectPorts: ConnectPorts = { ...refreshPorts, refresher, sessions, publicUrl, linkKey };
  const accessTokens = createAccessTokens({
    ...refreshPorts,
    refresher,
    cache,
    reauthorizationUrl: (connection) => reauthorizationLink(connectPorts, connection).url,
  });
  const authenticator = createAuthenticator({ keys, pepper, clock });
  const sweep = createSweep({ ...refreshPorts, refresher, sessions });

  let stopping = false;
  const ready = async (): Promise<boolean> => {
    await keyStore.rootKeys();
    return !stopping;
  };
  const app = await createApp({ authenticator, observer, shortcut: createHotRoute(authenticator, accessTokens) });
  operationRoutes(app, { ready });
  providerRoutes(app, connectPorts);
  clientRoutes(app, connectPorts);
  connectSessionRoutes(app, connectPorts);
  connectionRoutes(app, connectPorts);
  accessTokenRoutes(app, accessTokens);
  apiKeyRoutes(app, { keys, authenticator, pepper, clock, random });
  registerConnectPages(app, connectPorts);

  const url = await listen(app, settings);
  sweep.start();
  observer.event("service.started", { url, publicUrl });
  return {
    url,
    newAdminKey,
    close: async () => {
      stopping = true;
      await Promise.all([sweep.stop(), app.close()]);
      await refresher.drain();
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
