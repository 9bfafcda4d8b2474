import { crc32 } from "node:zlib";

/** Ends what people copy about with a checksum, so that one typed wrong or cut short is known without being looked up. */
export function withChecksum(text: string): string {
  return text + checksum(text);
}

export function isWhole(text: string): boolean {
  return checksum(text.slice(0, -LENGTH)) === text.slice(-LENGTH);
}

const LENGTH = 8;

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(LENGTH, "0");
}
