import type { Random } from "../runtime/random.ts";
import type { SealAddress } from "../runtime/sealer.ts";
import { aadWithoutVersion } from "./aad.ts";
import { pack, unpack } from "./packed-values.ts";
import { recordKeyVersion, SALT, type RecordKey } from "./record.ts";
import type { ResealThread } from "./reseal-thread.ts";
import type { TenantKeys } from "./tenant-keys.ts";

/** A value with the place that it was sealed for. */
export interface Sealed {
  address: SealAddress;
  sealed: Uint8Array;
}

interface ResealDeps {
  tenantKeys: Pick<TenantKeys, "find" | "newest">;
  thread: Pick<ResealThread, "reseal">;
  instanceId: string;
  random: Random;
}

/**
 * Seals values of a tenant anew with its newest key, in a thread and all in one go: there are millions of them, and asking for keys
 * and chance one by one would take as long as sealing. Null for each that cannot be opened. Throws `key_unavailable` when the
 * tenant has no keys, and `internal` when the thread ended.
 */
export async function resealAll(
  { tenantKeys, thread, instanceId, random }: ResealDeps,
  tenantId: string,
  values: readonly Sealed[],
): Promise<(Uint8Array | null)[]> {
  const keys = await keysFor(tenantKeys, tenantId, values);
  const salts = random.bytes(values.length * SALT);
  const all = values.map(({ address, sealed }, place) => ({
    aad: aadWithoutVersion(instanceId, address),
    salt: salts.subarray(place * SALT, (place + 1) * SALT),
    sealed,
  }));
  return unpack(await thread.reseal({ packed: pack(all), keys: keys.map(copyOf) }));
}

/** The newest key, and each that one of the values needs. */
async function keysFor(
  tenantKeys: ResealDeps["tenantKeys"],
  tenantId: string,
  values: readonly Sealed[],
): Promise<RecordKey[]> {
  const versions = new Set(values.map(({ sealed }) => recordKeyVersion(sealed)));
  const keys = new Map<number, RecordKey>();
  for (const version of versions) {
    const key = version === null ? null : await tenantKeys.find(tenantId, version);
    if (key) keys.set(key.version, key);
  }
  const newest = await tenantKeys.newest(tenantId);
  return [...keys.set(newest.version, newest).values()];
}

function copyOf({ bytes, version }: RecordKey) {
  return { bytes: Uint8Array.from(bytes), version };
}
