/** The service's own modules, as they are built; the types are those of their sources. */
const dist = new URL("../../../dist/", import.meta.url);

function load<T>(path: string): Promise<T> {
  return import(new URL(path, dist).href) as Promise<T>;
}

export const built = {
  openDatabase: () => load<typeof import("../../src/service/open-database.ts")>("service/open-database.js"),
  settings: () => load<typeof import("../../src/service/settings.ts")>("service/settings.js"),
  system: () => load<typeof import("../../src/service/system.ts")>("service/system.js"),
  rootKey: () => load<typeof import("../../src/keyring/root-key.ts")>("keyring/root-key.js"),
  keyring: () => load<typeof import("../../src/keyring/keyring.ts")>("keyring/keyring.js"),
  keyStore: () => load<typeof import("../../src/store/keys.ts")>("store/keys.js"),
  connectionStore: () => load<typeof import("../../src/store/connections.ts")>("store/connections.js"),
  tokenRecord: () => load<typeof import("../../src/connection/token-record.ts")>("connection/token-record.js"),
  secret: () => load<typeof import("../../src/runtime/secret.ts")>("runtime/secret.js"),
  transport: () => load<typeof import("../../src/network/transport.ts")>("network/transport.js"),
  tokenRequest: () => load<typeof import("../../src/oauth/token-request.ts")>("oauth/token-request.js"),
};
