import type { SealAddress } from "../runtime/sealer.ts";

/**
 * Additional authenticated data of a record: every part with its length before it, so that no two places read the same. The
 * info parameter of HKDF is limited to 1,024 bytes in Node.
 */
export function aadOf(instanceId: string, address: SealAddress, keyVersion: number): Uint8Array {
  return encode([
    "evergrant.record.1",
    instanceId,
    address.tenantId,
    address.recordId,
    address.field,
    address.generation,
    keyVersion,
  ]);
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
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(String(part), "utf8");
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      return [length, bytes];
    }),
  );
}
