/** The Castagnoli polynomial, reflected (RFC 3720 §12.1). */
const POLYNOMIAL = 0x82f63b78;

/** CRC-32C (RFC 3720 appendix B.4), by which Google Cloud KMS and its callers prove to each other what arrived. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
