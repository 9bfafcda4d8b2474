import { createHmac } from "node:crypto";

const FIRST = Buffer.of(1);
const SECOND = Buffer.of(2);

/**
 * The first 64 bytes of HKDF-SHA256 (RFC 5869 §2), as its two blocks of 32. `hkdfSync` gives the same, and takes twice as long for
 * so few bytes, which is most of what a sealed value costs.
 */
export function hkdf64(key: Uint8Array, salt: Uint8Array, info: Uint8Array): [Buffer, Buffer] {
  const pseudorandomKey = createHmac("sha256", salt).update(key).digest();
  const first = createHmac("sha256", pseudorandomKey).update(info).update(FIRST).digest();
  const second = createHmac("sha256", pseudorandomKey).update(first).update(info).update(SECOND).digest();
  return [first, second];
}
