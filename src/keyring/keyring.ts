import { createHmac, hkdfSync } from "node:crypto";
import { INSTALLATION, type KeyStore } from "../access/key-store.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import type { SealAddress, Sealer } from "../runtime/sealer.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { aadOf } from "./aad.ts";
import { openRecord, recordKeyVersion, sealRecord } from "./record.ts";
import { resealAll, type Sealed } from "./reseal.ts";
import { createResealThread } from "./reseal-thread.ts";
import { proveRootKeys, type RootKeys } from "./root-keys.ts";
import { createTenantKeys, rewrapped, type TenantKeys } from "./tenant-keys.ts";

/** Root key → tenant keys → record keys. */
export interface Keyring extends Sealer {
  /** A key for one named purpose of this installation, such as signing links; the same at every start. */
  derive(purpose: string): Promise<Secret<Uint8Array>>;
  /** Names the root key that wraps. */
  readonly rootFingerprint: string;
  /** Wraps every tenant key with the primary root key, a few rows a tenant, `through` a store. Returns how many had another. */
  rewrapAll(through?: KeyStore): Promise<number>;
  /** The next version of a tenant's key, stored `through` a store; seals with it from now on. Returns its number. */
  rotate(tenantId: string, through?: KeyStore): Promise<number>;
  forget(tenantId: string): void;
  /** Seals values of a tenant anew, in a thread, with the newest version of its key; null for each that cannot be opened. */
  reseal(tenantId: string, values: readonly Sealed[]): Promise<(Uint8Array | null)[]>;
  /** Ends the thread of `reseal` and what it is doing; the next call starts another one. */
  rest(): Promise<void>;
}

export interface KeyringDeps {
  keys: KeyStore;
  roots: RootKeys;
  random: Random;
  clock: Clock;
}

/** 96 bits: no two secrets of a connection are taken for the same. */
const NAME_LENGTH = 16;

/** Tenant keys that are wrapped anew at a time. */
const BATCH = 100;

/**
 * Opens the keyring of a database, or makes one in a new database. Throws `key_unavailable` when no root key is one that the
 * database was sealed with: nothing else could be opened either.
 */
export async function openKeyring(deps: KeyringDeps): Promise<Keyring> {
  const { keys, roots, random } = deps;
  const instanceId = await keys.instanceId();
  await proveRootKeys(keys, roots, { instanceId, random });
  const tenantKeys = createTenantKeys({ ...deps, instanceId });
  const thread = createResealThread();
  const { fingerprint } = roots.primary;

  async function rewrapAll(through = keys): Promise<number> {
    let count = 0;
    for (;;) {
      const batch = await through.wrappedByOthers(fingerprint, BATCH);
      for (const key of batch) await through.rewrap(rewrapped({ roots, instanceId, random }, key), key.rootFingerprint);
      count += batch.length;
      if (batch.length < BATCH) return count;
    }
  }

  return {
    ...createSealer(tenantKeys, { instanceId, random }),
    derive: async (purpose) => {
      const key = await tenantKeys.naming(INSTALLATION);
      return secret(new Uint8Array(hkdfSync("sha256", key.bytes, instanceId, `evergrant.${purpose}.1`, 32)));
    },
    rootFingerprint: fingerprint,
    rewrapAll,
    rotate: (tenantId, through = keys) => tenantKeys.rotate(tenantId, through),
    forget: (tenantId) => tenantKeys.forget(tenantId),
    reseal: (tenantId, values) => resealAll({ tenantKeys, thread, instanceId, random }, tenantId, values),
    rest: () => thread.end(),
  };
}

function createSealer(tenantKeys: TenantKeys, { instanceId, random }: { instanceId: string; random: Random }): Sealer {
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
    const key = await tenantKeys.naming(tenantId);
    const names = new Uint8Array(hkdfSync("sha256", key.bytes, instanceId, "evergrant.secret_names.1", 32));
    return createHmac("sha256", names).update(plaintext.reveal()).digest("base64url").slice(0, NAME_LENGTH);
  }

  return { seal, open, name };
}
