import { NAMING_VERSION, type KeyStore, type StoredTenantKey, type WrappedTenantKey } from "../access/key-store.ts";
import { SECOND, type Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { tenantKeyAad } from "./aad.ts";
import { openRecord, sealRecord, type RecordKey } from "./record.ts";
import { findRootKey, recordKeyOf, type RootKeys } from "./root-keys.ts";

/** The keys of all tenants, opened when they are first needed. All throw `key_unavailable`. */
export interface TenantKeys {
  /** What seals now. Never waits for the database once it was asked for: what was received is sealed whatever happens. */
  newest(tenantId: string): Promise<RecordKey>;
  /** What opens; learns of newer versions before that, so that what is sealed next is sealed with the newest. */
  find(tenantId: string, version: number): Promise<RecordKey | null>;
  /** What names secrets, and makes other keys. */
  naming(tenantId: string): Promise<RecordKey>;
  /** Makes the next version, stores it `through` a store, and seals with it from now on. Returns its number. */
  rotate(tenantId: string, through: Pick<KeyStore, "addTenantKey">): Promise<number>;
  /** Forgets what was opened. */
  forget(tenantId: string): void;
}

export interface TenantKeyDeps {
  keys: KeyStore;
  roots: RootKeys;
  instanceId: string;
  random: Random;
  clock: Clock;
}

/** The longest that an instance which refreshes does not know of a newer version. */
export const KEYS_RECENT = 5 * SECOND;

interface Opened {
  versions: readonly RecordKey[];
  naming: RecordKey;
  at: number;
}

export function createTenantKeys(deps: TenantKeyDeps): TenantKeys {
  const { keys, clock } = deps;
  const known = new Map<string, Opened>();

  async function load(tenantId: string): Promise<Opened> {
    const stored = await keys.tenantKeys(tenantId);
    const complete = isComplete(stored) ? stored : await makeFirst(deps, tenantId, stored);
    const opened = { ...openAll(deps, complete), at: clock.monotonic() };
    known.set(tenantId, opened);
    return opened;
  }

  /** A database that is down is no reason not to open or seal with what is known. */
  async function recent(tenantId: string): Promise<Opened> {
    const found = known.get(tenantId);
    if (found && clock.monotonic() - found.at < KEYS_RECENT) return found;
    return load(tenantId).catch((error: unknown) => {
      if (found && error instanceof ServiceError && error.code === "store_unavailable") {
        found.at = clock.monotonic();
        return found;
      }
      // Another instance may have shredded them.
      known.delete(tenantId);
      throw error;
    });
  }

  async function newest(tenantId: string): Promise<RecordKey> {
    const { versions } = known.get(tenantId) ?? (await load(tenantId));
    const last = versions.at(-1);
    if (!last) throw new ServiceError("key_unavailable", "This tenant has no key to seal with.");
    return last;
  }

  return {
    newest,
    find: async (tenantId, version) => {
      const { versions } = await recent(tenantId);
      const isIt = (key: RecordKey) => key.version === version;
      return versions.find(isIt) ?? (await load(tenantId)).versions.find(isIt) ?? null;
    },
    naming: async (tenantId) => (known.get(tenantId) ?? (await load(tenantId))).naming,
    rotate: async (tenantId, through) => {
      const { version } = (await load(tenantId)).versions.at(-1) ?? { version: 0 };
      await through.addTenantKey(wrapNew(deps, tenantId, version + 1));
      await load(tenantId);
      return (await newest(tenantId)).version;
    },
    forget: (tenantId) => void known.delete(tenantId),
  };
}

function isComplete(stored: readonly StoredTenantKey[]): boolean {
  return stored.some(isNaming) && stored.some((key) => !isNaming(key));
}

function isNaming({ version }: WrappedTenantKey): boolean {
  return version === NAMING_VERSION;
}

/** Of several processes that make them at once, one does. Earlier versions named secrets with the first key of the tenant. */
async function makeFirst(
  deps: TenantKeyDeps,
  tenantId: string,
  stored: readonly StoredTenantKey[],
): Promise<StoredTenantKey[]> {
  const first = stored.find((key) => !isNaming(key));
  const naming = first
    ? wrap(deps, tenantId, NAMING_VERSION, unwrap(deps, first))
    : wrapNew(deps, tenantId, NAMING_VERSION);
  await deps.keys.addTenantKey(naming);
  if (!first) await deps.keys.addTenantKey(wrapNew(deps, tenantId, 1));
  const made = await deps.keys.tenantKeys(tenantId);
  if (isComplete(made)) return made;
  throw new ServiceError(
    "key_unavailable",
    "The keys of this tenant were deleted, and with them all that they sealed.",
  );
}

function openAll(deps: TenantKeyDeps, stored: readonly StoredTenantKey[]): Pick<Opened, "versions" | "naming"> {
  const opened = stored.map((key) => ({ bytes: unwrap(deps, key), version: key.version }));
  const naming = opened.find(({ version }) => version === NAMING_VERSION);
  if (!naming) throw new ServiceError("key_unavailable", "This tenant has no key that names secrets.");
  return { naming, versions: opened.filter(({ version }) => version !== NAMING_VERSION) };
}

function wrapNew(deps: TenantKeyDeps, tenantId: string, version: number): WrappedTenantKey {
  return wrap(deps, tenantId, version, deps.random.bytes(32));
}

function wrap(
  { roots: { primary }, instanceId, random }: Omit<TenantKeyDeps, "keys" | "clock">,
  tenantId: string,
  version: number,
  bytes: Uint8Array,
): WrappedTenantKey {
  const wrapped = sealRecord(recordKeyOf(primary), tenantKeyAad(instanceId, tenantId, version), bytes, random);
  return { tenantId, version, wrapped, rootFingerprint: primary.fingerprint };
}

function unwrap({ roots, instanceId }: Pick<TenantKeyDeps, "roots" | "instanceId">, key: WrappedTenantKey): Uint8Array {
  const { tenantId, version, wrapped, rootFingerprint } = key;
  const root = findRootKey(roots, rootFingerprint);
  if (!root) {
    throw new ServiceError(
      "key_unavailable",
      `A tenant key is wrapped by another root key (fingerprint ${rootFingerprint}). Supply that one too, in EVERGRANT_OLD_ROOT_KEY_FILES.`,
    );
  }
  const bytes = openRecord(recordKeyOf(root), tenantKeyAad(instanceId, tenantId, version), wrapped);
  if (!bytes) throw new ServiceError("key_unavailable", "A tenant key cannot be unwrapped with its root key.");
  return bytes;
}

/** Wraps a key of whichever root key at hand anew with the primary one. */
export function rewrapped(deps: Omit<TenantKeyDeps, "keys" | "clock">, key: WrappedTenantKey): WrappedTenantKey {
  return wrap(deps, key.tenantId, key.version, unwrap(deps, key));
}
