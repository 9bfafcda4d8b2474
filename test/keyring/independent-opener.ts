import { createHmac, webcrypto } from "node:crypto";

/**
 * A second reading of the record format, made from its description alone and sharing no code with `src/keyring`: HKDF is
 * spelled out as in RFC 5869, AES-GCM is that of Web Cryptography.
 */
export async function openIndependently(key: Uint8Array, aad: Uint8Array, record: Uint8Array): Promise<string> {
  const bytes = Buffer.from(record);
  const part = (start: number, length: number) => bytes.subarray(start, start + length);
  if (part(0, 4).toString("latin1") !== "EGR1" || bytes[4] !== 1) throw new Error("not a record");
  const [salt, commitment, sealed] = [part(9, 32), part(41, 32), bytes.subarray(73)];

  const extracted = createHmac("sha256", salt).update(key).digest();
  const first = createHmac("sha256", extracted)
    .update(aad)
    .update(Buffer.from([1]))
    .digest();
  const second = createHmac("sha256", extracted)
    .update(first)
    .update(aad)
    .update(Buffer.from([2]))
    .digest();
  if (!second.equals(commitment)) throw new Error("another key or another place");

  const aes = await webcrypto.subtle.importKey("raw", Uint8Array.from(first), "AES-GCM", false, ["decrypt"]);
  const algorithm = { name: "AES-GCM", iv: new Uint8Array(12), additionalData: Uint8Array.from(aad), tagLength: 128 };
  const plaintext = await webcrypto.subtle.decrypt(algorithm, aes, Uint8Array.from(sealed));
  return Buffer.from(plaintext).toString("utf8");
}

/** The version of the key, from the same description. */
export function keyVersionOf(record: Uint8Array): number {
  return new DataView(record.buffer, record.byteOffset).getUint32(5);
}
