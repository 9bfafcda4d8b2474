import type { KeyStore } from "../access/key-store.ts";
import { openKeyring, type Keyring } from "../keyring/keyring.ts";
import { randomToken } from "../runtime/random.ts";
import type { Secret } from "../runtime/secret.ts";
import type { Database } from "../store/database.ts";
import { createKeyStore } from "../store/keys.ts";
import { loadRootKeys } from "./load-root-keys.ts";
import type { Settings } from "./settings.ts";
import { startErrorOf } from "./start-error.ts";
import type { System } from "./system.ts";

/** The keyring, and what is derived from it for one use each. */
export interface Secrets {
  keyStore: KeyStore;
  keyring: Keyring;
  pepper: Secret<Uint8Array>;
  linkKey: Secret<Uint8Array>;
  seedKey: Secret<Uint8Array>;
  auditKey: Secret<Uint8Array>;
  sessionKey: Secret<Uint8Array>;
  agentKey: Secret<Uint8Array>;
}

/** Throws `StartError` where a root key is missing or wrong. */
export async function openSecrets(database: Database, settings: Settings, { random, clock }: System): Promise<Secrets> {
  const keyStore = createKeyStore(database, () => randomToken(random, 16));
  const roots = await loadRootKeys(settings, keyStore, random).catch(startErrorOf("key"));
  const keyring = await openKeyring({ keys: keyStore, roots, random, clock }).catch(startErrorOf("key"));
  const [pepper, linkKey, seedKey, auditKey, sessionKey, agentKey] = await Promise.all([
    keyring.derive("api-keys"),
    keyring.derive("links"),
    keyring.derive("seeds"),
    keyring.derive("audit"),
    keyring.derive("operator-sessions"),
    keyring.derive("agent-tokens"),
  ]);
  return { keyStore, keyring, pepper, linkKey, seedKey, auditKey, sessionKey, agentKey };
}
