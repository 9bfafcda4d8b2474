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
const START = Buffer.from("EGR1\u0001", "latin1");
const VERSION = 4;
const HEADER = START.length + VERSION;
/** Bytes of chance that a record takes. */
export const SALT = 32;
const KEY = 32;
const COMMITMENT = 32;
const TAG = 16;
const OVERHEAD = HEADER + SALT + COMMITMENT + TAG;
const CIPHER = "aes-256-gcm";
const ZERO_NONCE = Buffer.alloc(12);

export interface RecordKey<Bytes extends Uint8Array = Uint8Array> {
  bytes: Bytes;
  version: number;
}

export function sealRecord(
  key: RecordKey,
  aad: Uint8Array,
  plaintext: Uint8Array,
  random: Pick<Random, "bytes">,
): Uint8Array {
  const salt = random.bytes(SALT);
  const derived = hkdf64(key.bytes, salt, aad);
  const cipher = createCipheriv(CIPHER, derived.subarray(0, KEY), ZERO_NONCE);
  cipher.setAAD(aad);
  const ciphertext = cipher.update(plaintext);
  // GCM holds nothing back: at its end there is the tag alone.
  cipher.final();
  const record = Buffer.allocUnsafe(OVERHEAD + plaintext.length);
  record.set(START);
  record.writeUInt32BE(key.version, START.length);
  record.set(salt, HEADER);
  derived.copy(record, HEADER + SALT, KEY);
  record.set(ciphertext, HEADER + SALT + COMMITMENT);
  record.set(cipher.getAuthTag(), record.length - TAG);
  return record;
}

/** The version of the key that a record needs; null when it is not a record. */
export function recordKeyVersion(record: Uint8Array): number | null {
  if (record.length < OVERHEAD) return null;
  for (let place = 0; place < START.length; place++) if (record[place] !== START[place]) return null;
  const version = record.subarray(START.length, HEADER);
  return version.reduce((number, byte) => number * 256 + byte, 0);
}

/** The plaintext, or null when the key, the place (AAD) or the record is not the one it was sealed with. */
export function openRecord(key: RecordKey, aad: Uint8Array, record: Uint8Array): Uint8Array | null {
  if (recordKeyVersion(record) !== key.version) return null;
  const body = record.subarray(HEADER);
  const derived = hkdf64(key.bytes, body.subarray(0, SALT), aad);
  if (!timingSafeEqual(derived.subarray(KEY), body.subarray(SALT, SALT + COMMITMENT))) return null;
  const decipher = createDecipheriv(CIPHER, derived.subarray(0, KEY), ZERO_NONCE);
  decipher.setAAD(aad);
  decipher.setAuthTag(body.subarray(-TAG));
  const plaintext = decipher.update(body.subarray(SALT + COMMITMENT, -TAG));
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    return null;
  }
}
