import type * as ApiKeyModule from "../../src/access/api-key.ts";
import type * as JournalModule from "../../src/journal/journal.ts";
import type * as KeyringModule from "../../src/keyring/keyring.ts";
import type * as RekeyerModule from "../../src/keyring/rekeyer.ts";
import type * as RootKeyModule from "../../src/keyring/root-key.ts";
import type * as TransportModule from "../../src/network/transport.ts";
import type * as DpopNonceModule from "../../src/oauth/dpop-nonce.ts";
import type * as TokenRequestModule from "../../src/oauth/token-request.ts";
import type * as CatalogueModule from "../../src/provider/catalogue.ts";
import type * as PaceModule from "../../src/refresh/pace/create-pace.ts";
import type * as ObserverModule from "../../src/runtime/observer.ts";
import type * as SecretModule from "../../src/runtime/secret.ts";
import type * as EngineModule from "../../src/service/engine.ts";
import type * as OpenDatabase from "../../src/service/open-database.ts";
import type * as SettingsModule from "../../src/service/settings.ts";
import type * as SystemModule from "../../src/service/system.ts";
import type * as ClientStoreModule from "../../src/store/clients.ts";
import type * as ConnectSessionStoreModule from "../../src/store/connect-sessions.ts";
import type * as ConnectionStoreModule from "../../src/store/connections.ts";
import type * as InstanceStoreModule from "../../src/store/instances.ts";
import type * as DatabaseModule from "../../src/store/database.ts";
import type * as KeyStoreModule from "../../src/store/keys.ts";
import type * as OverviewStoreModule from "../../src/store/overview.ts";
import type * as ProviderStoreModule from "../../src/store/providers.ts";
import type * as RekeyStoreModule from "../../src/store/rekeys.ts";
import type * as SealedStoreModule from "../../src/store/sealed-store.ts";
import type * as TokenReadStoreModule from "../../src/store/token-reads.ts";

/** The service's own modules, as they are built; the types are those of their sources. */
const dist = new URL("../../../dist/", import.meta.url);

function load<T>(path: string): Promise<T> {
  return import(new URL(path, dist).href) as Promise<T>;
}

export const built = {
  openDatabase: () => load<typeof OpenDatabase>("service/open-database.js"),
  settings: () => load<typeof SettingsModule>("service/settings.js"),
  system: () => load<typeof SystemModule>("service/system.js"),
  rootKey: () => load<typeof RootKeyModule>("keyring/root-key.js"),
  keyring: () => load<typeof KeyringModule>("keyring/keyring.js"),
  keyStore: () => load<typeof KeyStoreModule>("store/keys.js"),
  connectionStore: () => load<typeof ConnectionStoreModule>("store/connections.js"),
  overviewStore: () => load<typeof OverviewStoreModule>("store/overview.js"),
  apiKey: () => load<typeof ApiKeyModule>("access/api-key.js"),
  secret: () => load<typeof SecretModule>("runtime/secret.js"),
  transport: () => load<typeof TransportModule>("network/transport.js"),
  tokenRequest: () => load<typeof TokenRequestModule>("oauth/token-request.js"),
  catalogue: () => load<typeof CatalogueModule>("provider/catalogue.js"),
  connectSessionStore: () => load<typeof ConnectSessionStoreModule>("store/connect-sessions.js"),
  clientStore: () => load<typeof ClientStoreModule>("store/clients.js"),
  engine: () => load<typeof EngineModule>("service/engine.js"),
  instanceStore: () => load<typeof InstanceStoreModule>("store/instances.js"),
  journal: () => load<typeof JournalModule>("journal/journal.js"),
  dpopNonce: () => load<typeof DpopNonceModule>("oauth/dpop-nonce.js"),
  pace: () => load<typeof PaceModule>("refresh/pace/create-pace.js"),
  providerStore: () => load<typeof ProviderStoreModule>("store/providers.js"),
  rekeyer: () => load<typeof RekeyerModule>("keyring/rekeyer.js"),
  rekeyStore: () => load<typeof RekeyStoreModule>("store/rekeys.js"),
  sealedStore: () => load<typeof SealedStoreModule>("store/sealed-store.js"),
  tokenReadStore: () => load<typeof TokenReadStoreModule>("store/token-reads.js"),
};

export type Database = DatabaseModule.Database;
export type EventName = ObserverModule.EventName;
export type Keyring = KeyringModule.Keyring;
export type SealedStore = ReturnType<typeof SealedStoreModule.createSealedStore>;
