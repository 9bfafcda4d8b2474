import { expect, test } from "vitest";
import { crc32c } from "../../../src/keyring/kms/crc32c.ts";

test.each<[string, Uint8Array, number]>([
  ["nothing", Buffer.alloc(0), 0],
  ["the nine digits that checksums are compared by", Buffer.from("123456789"), 0xe3069283],
  ["32 zeros", Buffer.alloc(32), 0x8a9136aa],
  ["32 ones", Buffer.alloc(32, 0xff), 0x62a8ab43],
  ["32 that count up", Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e],
  ["32 that count down", Buffer.from(Array.from({ length: 32 }, (_, at) => 31 - at)), 0x113fdb5c],
])("CRC-32C of %s (RFC 3720 appendix B.4)", (_what, bytes, sum) => {
  expect(crc32c(bytes)).toBe(sum);
});
