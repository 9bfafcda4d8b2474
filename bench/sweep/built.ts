import type * as ApiKeyModule from "../../src/access/api-key.ts";
import type * as KeyringModule from "../../src/keyring/keyring.ts";
import type * as RootKeyModule from "../../src/keyring/root-key.ts";
import type * as TransportModule from "../../src/network/transport.ts";
import type * as TokenRequestModule from "../../src/oauth/token-request.ts";
import type * as SecretModule from "../../src/runtime/secret.ts";
import type * as OpenDatabase from "../../src/service/open-database.ts";
import type * as SettingsModule from "../../src/service/settings.ts";
import type * as SystemModule from "../../src/service/system.ts";
import type * as ConnectionStoreModule from "../../src/store/connections.ts";
import type * as KeyStoreModule from "../../src/store/keys.ts";

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
  apiKey: () => load<typeof ApiKeyModule>("access/api-key.js"),
  secret: () => load<typeof SecretModule>("runtime/secret.js"),
  transport: () => load<typeof TransportModule>("network/transport.js"),
  tokenRequest: () => load<typeof TokenRequestModule>("oauth/token-request.js"),
};
