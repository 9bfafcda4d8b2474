import { readFileSync } from "node:fs";

/**
 * A second reading of a segment, made from docs/journal.md alone and sharing no code with `src/journal`: CRC-32 is spelled out
 * as in RFC 1952, section 8. Yields the payloads of all whole records.
 */
export function* readIndependently(path: string): Generator {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = headerIsWhole(bytes, view) ? 28 : 0;
  while (at < bytes.length) {
    const length = at + 8 <= bytes.length ? view.getUint32(at) : -1;
    const payload = bytes.subarray(at + 8, at + 8 + length);
    const isWhole = payload.length === length && payload[0] === 0x7b;
    if (isWhole && view.getUint32(at + 4) === crc(Buffer.concat([bytes.subarray(at, at + 4), payload]))) {
      yield JSON.parse(new TextDecoder().decode(payload));
      at += 8 + length;
    } else at += 1;
  }
}

function headerIsWhole(bytes: Buffer, view: DataView): boolean {
  return (
    bytes.length >= 28 && bytes.toString("latin1", 0, 4) === "EGJ1" && view.getUint32(24) === crc(bytes.subarray(0, 24))
  );
}

function crc(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  }
  return ~rest >>> 0;
}
