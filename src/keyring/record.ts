import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import type { Random } from "../runtime/random.ts";
import { hkdf64 } from "./hkdf.ts";

/**
 * A sealed record: one value, sealed once, under a key of its own.
 *
 * ```
 * magic "EGR1" | algorithm 0x01 | key version, 4 bytes big-endian | salt, 32 | commitment, 32 | ciphertext | tag, 16
 * ```
 *
 * `HKDF-SHA256(key, salt, info = AAD)` gives 64 bytes: an AES-256-GCM key, used once and therefore with a zero nonce, and a
 * commitment, so that a record opens under one key only. The AAD names where the record belongs.
 */
const MAGIC = Buffer.from("EGR1");
const ALGORITHM = 1;
const HEADER = MAGIC.length + 1 + 4;
/** Bytes of chance that a record takes. */
export const SALT = 32;
const COMMITMENT = 32;
const TAG = 16;
const OVERHEAD = HEADER + SALT + COMMITMENT + TAG;
const ZERO_NONCE = Buffer.alloc(12);

export interface RecordKey {
  bytes: Uint8Array;
  version: number;
}

export function sealRecord(
  key: RecordKey,
  aad: Uint8Array,
  plaintext: Uint8Array,
  random: Pick<Random, "bytes">,
): Uint8Array {
  const salt = random.bytes(SALT);
  const derived = derive(key.bytes, salt, aad);
  const cipher = createCipheriv("aes-256-gcm", derived.key, ZERO_NONCE);
  cipher.setAAD(aad);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const header = Buffer.alloc(HEADER);
  MAGIC.copy(header);
  header.writeUInt8(ALGORITHM, MAGIC.length);
  header.writeUInt32BE(key.version, MAGIC.length + 1);
  return Buffer.concat([header, salt, derived.commitment, ciphertext, cipher.getAuthTag()]);
}

/** The version of the key that a record needs; null when it is not a record. */
export function recordKeyVersion(record: Uint8Array): number | null {
  const buffer = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  const isRecord =
    buffer.length >= OVERHEAD &&
    buffer.subarray(0, MAGIC.length).equals(MAGIC) &&
    buffer.readUInt8(MAGIC.length) === ALGORITHM;
  return isRecord ? buffer.readUInt32BE(MAGIC.length + 1) : null;
}

/** The plaintext, or null when the key, the place (AAD) or the record is not the one it was sealed with. */
export function openRecord(key: RecordKey, aad: Uint8Array, record: Uint8Array): Uint8Array | null {
  if (recordKeyVersion(record) !== key.version) return null;
  const body = record.subarray(HEADER);
  const derived = derive(key.bytes, body.subarray(0, SALT), aad);
  if (!timingSafeEqual(derived.commitment, body.subarray(SALT, SALT + COMMITMENT))) return null;
  const decipher = createDecipheriv("aes-256-gcm", derived.key, ZERO_NONCE);
  decipher.setAAD(aad);
  decipher.setAuthTag(body.subarray(-TAG));
  try {
    return Buffer.concat([decipher.update(body.subarray(SALT + COMMITMENT, -TAG)), decipher.final()]);
  } catch {
    return null;
  }
}

function derive(key: Uint8Array, salt: Uint8Array, info: Uint8Array): { key: Buffer; commitment: Buffer } {
  const [first, second] = hkdf64(key, salt, info);
  return { key: first, commitment: second };
}
