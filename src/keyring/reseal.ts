import type { Random } from "../runtime/random.ts";
import type { SealAddress } from "../runtime/sealer.ts";
import { aadOf } from "./aad.ts";
import { openRecord, recordKeyVersion, SALT, sealRecord, type RecordKey } from "./record.ts";
import type { TenantKeys } from "./tenant-keys.ts";

/** A value with the place that it was sealed for. */
export interface Sealed {
  address: SealAddress;
  sealed: Uint8Array;
}

interface ResealDeps {
  tenantKeys: Pick<TenantKeys, "find" | "newest">;
  instanceId: string;
  random: Random;
}

/**
 * Seals values of a tenant anew with its newest key, all in one go: there are millions of them, and asking for keys and chance one
 * by one would take as long as sealing. Null for each that cannot be opened. No plaintext outlives its turn.
 */
export async function resealAll(
  { tenantKeys, instanceId, random }: ResealDeps,
  tenantId: string,
  values: readonly Sealed[],
): Promise<(Uint8Array | null)[]> {
  const versions = new Set(values.map(({ sealed }) => recordKeyVersion(sealed)).filter((version) => version !== null));
  const keys = new Map<number, RecordKey>();
  for (const version of versions) {
    const key = await tenantKeys.find(tenantId, version);
    if (key) keys.set(version, key);
  }
  const newest = await tenantKeys.newest(tenantId);
  const salts = drawOnce(random, values.length * SALT);
  return values.map(({ address, sealed }) => {
    const key = keys.get(recordKeyVersion(sealed) ?? -1);
    const plaintext = key && openRecord(key, aadOf(instanceId, address, key.version), sealed);
    if (!plaintext) return null;
    const again = sealRecord(newest, aadOf(instanceId, address, newest.version), plaintext, salts);
    plaintext.fill(0);
    return again;
  });
}

/** Hands out what was drawn at once, piece by piece. */
function drawOnce(random: Random, length: number): Pick<Random, "bytes"> {
  const drawn = random.bytes(length);
  let taken = 0;
  return { bytes: (wanted) => drawn.subarray(taken, (taken += wanted)) };
}
