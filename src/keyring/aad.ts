import type { SealAddress } from "../runtime/sealer.ts";

/** Bytes of a length. */
const LENGTH = 2;

/** Additional authenticated data of a record: every part with its length before it, so that no two places read the same. */
export function aadOf(instanceId: string, address: SealAddress, keyVersion: number): Uint8Array {
  return withVersion(aadWithoutVersion(instanceId, address), keyVersion);
}

/** All but the last part of it: what two records of one value have in common, when they are sealed with two versions of a key. */
export function aadWithoutVersion(instanceId: string, address: SealAddress): Uint8Array {
  return encode([
    "evergrant.record.1",
    instanceId,
    address.tenantId,
    address.recordId,
    address.field,
    address.generation,
  ]);
}

/** With the last part. */
export function withVersion(aad: Uint8Array, keyVersion: number): Uint8Array {
  const digits = String(keyVersion);
  const bytes = Buffer.allocUnsafe(aad.length + LENGTH + digits.length);
  bytes.set(aad);
  bytes.writeUInt16BE(digits.length, aad.length);
  bytes.write(digits, aad.length + LENGTH);
  return bytes;
}

/** Where a wrapped tenant key belongs. */
export function tenantKeyAad(instanceId: string, tenantId: string, version: number): Uint8Array {
  return encode(["evergrant.tenant-key.1", instanceId, tenantId, version]);
}

/** Where the known text belongs that proves a root key to be the right one. */
export function sentinelAad(instanceId: string): Uint8Array {
  return encode(["evergrant.sentinel.1", instanceId]);
}

function encode(parts: readonly (string | number)[]): Uint8Array {
  const texts = parts.map(String);
  const bytes = Buffer.allocUnsafe(texts.reduce((sum, text) => sum + LENGTH + Buffer.byteLength(text), 0));
  let end = 0;
  for (const text of texts) {
    const length = bytes.write(text, end + LENGTH);
    bytes.writeUInt16BE(length, end);
    end += LENGTH + length;
  }
  return bytes;
}
