import { hkdfSync } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hkdf64 } from "../../src/keyring/hkdf.ts";

const hex = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(new Uint8Array(bytes)).toString("hex");

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const from = (text: string) => Buffer.from(text, "hex");

test("gives what Node's own HKDF gives", () => {
  fc.assert(
    fc.property(bytes(100), bytes(200), bytes(1024), (key, salt, info) => {
      expect(hex(hkdf64(key, salt, info))).toBe(hex(hkdfSync("sha256", key, salt, info, 64)));
    }),
  );
});

test("RFC 5869, appendix A.1: the first 42 bytes", () => {
  const output = hkdf64(Buffer.alloc(22, 0x0b), from("000102030405060708090a0b0c"), from("f0f1f2f3f4f5f6f7f8f9"));
  expect(hex(output.subarray(0, 42))).toBe(
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  );
});
