import { createHmac, hkdfSync } from "node:crypto";
import type { KeyStore, WrappedTenantKey } from "../access/store.ts";
import type { Random } from "../runtime/random.ts";
import type { SealAddress, Sealer } from "../runtime/sealer.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { aadOf, sentinelAad, tenantKeyAad } from "./aad.ts";
import { openRecord, recordKeyVersion, sealRecord, type RecordKey } from "./record.ts";
import type { RootKey } from "./root-key.ts";

/** Root key → tenant keys → record keys. */
export interface Keyring extends Sealer {
  /** A key for one named purpose of this installation, such as signing links; the same at every start. */
  derive(purpose: string): Promise<Secret<Uint8Array>>;
}

/** The keys in this ring are numbered; root keys wrap with version 0 because their fingerprint names them. */
const ROOT_VERSION = 0;
const SENTINEL = Buffer.from("evergrant");
/** Not a tenant: owner of the keys that the installation itself uses. */
const INSTALLATION = "installation";

/** 96 bits: no two secrets of a connection are taken for the same. */
const NAME_LENGTH = 16;

/**
 * Opens the keyring of a database, or makes one in a new database. Throws `key_unavailable` when the root key is not the one
 * that the database was sealed with: nothing else could be opened either.
 */
export async function openKeyring(keys: KeyStore, root: RootKey, random: Random): Promise<Keyring> {
  const instanceId = await keys.instanceId();
  await proveRootKey(keys, root, instanceId, random);
  const tenantKeys = createTenantKeys({ keys, root, instanceId, random });

  async function seal(address: SealAddress, plaintext: Secret<string>): Promise<Uint8Array> {
    const key = await tenantKeys.newest(address.tenantId);
    return sealRecord(key, aadOf(instanceId, address, key.version), Buffer.from(plaintext.reveal(), "utf8"), random);
  }

  async function open(address: SealAddress, sealed: Uint8Array): Promise<Secret<string>> {
    const version = recordKeyVersion(sealed);
    const key = version === null ? null : await tenantKeys.find(address.tenantId, version);
    const plaintext = key && openRecord(key, aadOf(instanceId, address, key.version), sealed);
    if (!plaintext)
      throw new ServiceError("key_unavailable", "A stored secret cannot be opened with the keys at hand.");
    return secret(Buffer.from(plaintext).toString("utf8"));
  }

  async function name(tenantId: string, plaintext: Secret<string>): Promise<string> {
    const key = await tenantKeys.oldest(tenantId);
    const names = new Uint8Array(hkdfSync("sha256", key.bytes, instanceId, "evergrant.secret_names.1", 32));
    return createHmac("sha256", names).update(plaintext.reveal()).digest("base64url").slice(0, NAME_LENGTH);
  }

  async function derive(purpose: string): Promise<Secret<Uint8Array>> {
    const key = await tenantKeys.oldest(INSTALLATION);
    return secret(new Uint8Array(hkdfSync("sha256", key.bytes, instanceId, `evergrant.${purpose}.1`, 32)));
  }

  return { seal, open, name, derive };
}

/** Opens the sentinel that this root key sealed, or seals the first one of a new database. */
async function proveRootKey(keys: KeyStore, root: RootKey, instanceId: string, random: Random): Promise<void> {
  const known = await keys.rootKeys();
  const key = { bytes: root.bytes.reveal(), version: ROOT_VERSION };
  if (known.length === 0) {
    const sentinel = sealRecord(key, sentinelAad(instanceId), SENTINEL, random);
    return keys.addRootKey({ fingerprint: root.fingerprint, sentinel });
  }
  const record = known.find(({ fingerprint }) => fingerprint === root.fingerprint);
  const opened = record && openRecord(key, sentinelAad(instanceId), record.sentinel);
  if (!opened || !SENTINEL.equals(opened)) {
    const names = known.map(({ fingerprint }) => fingerprint).join(", ");
    throw new ServiceError(
      "key_unavailable",
      `This root key (fingerprint ${root.fingerprint}) is not the one that sealed this database (${names}). Supply that one.`,
    );
  }
}

interface TenantKeys {
  /** Makes the first key of a tenant that has none. */
  newest(tenantId: string): Promise<RecordKey>;
  oldest(tenantId: string): Promise<RecordKey>;
  find(tenantId: string, version: number): Promise<RecordKey | null>;
}

interface TenantKeyDeps {
  keys: KeyStore;
  root: RootKey;
  instanceId: string;
  random: Random;
}

function createTenantKeys(deps: TenantKeyDeps): TenantKeys {
  const opened = new Map<string, RecordKey[]>();

  async function load(tenantId: string): Promise<RecordKey[]> {
    const wrapped = await deps.keys.tenantKeys(tenantId);
    const keys = wrapped.map((key) => unwrap(deps, key));
    opened.set(tenantId, keys);
    return keys;
  }

  async function all(tenantId: string): Promise<[RecordKey, ...RecordKey[]]> {
    const [first, ...rest] = opened.get(tenantId) ?? (await load(tenantId));
    if (first) return [first, ...rest];
    await deps.keys.addTenantKey(wrapNew(deps, tenantId));
    const [made, ...others] = await load(tenantId);
    if (!made) throw new ServiceError("key_unavailable", "A new tenant key could not be stored.");
    return [made, ...others];
  }

  return {
    newest: async (tenantId) => {
      const keys = await all(tenantId);
      return keys.at(-1) ?? keys[0];
    },
    oldest: async (tenantId) => (await all(tenantId))[0],
    find: async (tenantId, version) => {
      const known = opened.get(tenantId)?.find((key) => key.version === version);
      return known ?? (await load(tenantId)).find((key) => key.version === version) ?? null;
    },
  };
}

function wrapNew({ root, instanceId, random }: TenantKeyDeps, tenantId: string): WrappedTenantKey {
  const version = 1;
  const rootKey = { bytes: root.bytes.reveal(), version: ROOT_VERSION };
  const wrapped = sealRecord(rootKey, tenantKeyAad(instanceId, tenantId, version), random.bytes(32), random);
  return { tenantId, version, wrapped, rootFingerprint: root.fingerprint };
}

function unwrap({ root, instanceId }: TenantKeyDeps, { tenantId, version, wrapped }: WrappedTenantKey): RecordKey {
  const rootKey = { bytes: root.bytes.reveal(), version: ROOT_VERSION };
  const bytes = openRecord(rootKey, tenantKeyAad(instanceId, tenantId, version), wrapped);
  if (!bytes) throw new ServiceError("key_unavailable", "A tenant key cannot be unwrapped with this root key.");
  return { bytes, version };
}
