import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openRecord, recordKeyVersion, sealRecord, type RecordKey } from "../../src/keyring/record.ts";
import type { Random } from "../../src/runtime/random.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";
import { keyVersionOf, openIndependently } from "./independent-opener.ts";

const KEY: RecordKey = { bytes: Uint8Array.from({ length: 32 }, (_, n) => n), version: 7 };
const AAD = Buffer.from("aad");
const OVERHEAD = 4 + 1 + 4 + 32 + 32 + 16;

const bytes = fc.uint8Array({ maxLength: 300 });
const keyBytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
const version = fc.integer({ min: 0, max: 2 ** 32 - 1 });

function seal(plaintext: Uint8Array, random: Random = createSeededRandom(), key = KEY, aad: Uint8Array = AAD) {
  return sealRecord(key, aad, plaintext, random);
}

function opened(record: Uint8Array, key = KEY, aad: Uint8Array = AAD): string | null {
  const plaintext = openRecord(key, aad, record);
  return plaintext && Buffer.from(plaintext).toString("utf8");
}

function flipped(record: Uint8Array, bit: number): Uint8Array {
  return Uint8Array.from(record, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

describe("the format stays as it is", () => {
  /** Confirmed by another implementation in another language. */
  const VECTOR = [
    "45475231", // magic
    "01", // algorithm
    "00000007", // key version
    "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf", // salt
    "8b9795a5f14d0382376e7e939f008e3ff1d443f3741966fa658c7ac225e9c28d", // commitment
    "70d8f13b889dc0e023", // ciphertext
    "0f325c903c0a0332e1492c5f0c05f197", // tag
  ].join("");
  const counting: Random = {
    bytes: (length) => Uint8Array.from({ length }, (_, n) => 0xa0 + n),
    fraction: () => 0,
  };

  test("a known key, place, salt and text give these bytes", () => {
    expect(Buffer.from(seal(Buffer.from("evergrant"), counting)).toString("hex")).toBe(VECTOR);
  });

  test("these bytes give the known text", async () => {
    const record = Buffer.from(VECTOR, "hex");
    expect(opened(record)).toBe("evergrant");
    expect(await openIndependently(KEY.bytes, AAD, record)).toBe("evergrant");
  });

  test("an implementation made from its description alone opens what this one seals", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 200 });
    const property = fc.asyncProperty(
      keyBytes,
      version,
      bytes,
      text,
      fc.integer(),
      async (key, number, aad, plain, seed) => {
        const record = seal(Buffer.from(plain), createSeededRandom(seed), { bytes: key, version: number }, aad);
        expect(keyVersionOf(record)).toBe(number);
        expect(await openIndependently(key, aad, record)).toBe(plain);
      },
    );
    await fc.assert(property);
  });
});

describe("a record", () => {
  test.each([0, 1, 15, 16, 17, 255, 4096, 100_000])("holds %i bytes and gives them back", (length) => {
    const plaintext = createSeededRandom(length).bytes(length);
    const record = seal(plaintext);
    expect(record).toHaveLength(length + OVERHEAD);
    expect(Buffer.from(openRecord(KEY, AAD, record) ?? []).equals(plaintext)).toBe(true);
  });

  test("opens under its key, at its place, for any of them", () => {
    const property = fc.property(keyBytes, version, bytes, bytes, (key, number, aad, plaintext) => {
      const recordKey = { bytes: key, version: number };
      const record = seal(plaintext, createSeededRandom(), recordKey, aad);
      expect(recordKeyVersion(record)).toBe(number);
      expect(Buffer.from(openRecord(recordKey, aad, record) ?? [1]).equals(plaintext)).toBe(true);
    });
    fc.assert(property);
  });

  test("is another one each time, though key, place and text are the same", () => {
    const random = createSeededRandom();
    const [one, two] = [seal(Buffer.from("token"), random), seal(Buffer.from("token"), random)];
    expect(Buffer.from(one).subarray(9).equals(Buffer.from(two).subarray(9))).toBe(false);
    expect(Buffer.from(one).subarray(-21).equals(Buffer.from(two).subarray(-21))).toBe(false);
  });

  test("opens where it is a part of a larger buffer", () => {
    const record = seal(Buffer.from("token"));
    const around = Buffer.concat([Buffer.alloc(5, 1), record, Buffer.alloc(5, 2)]);
    expect(opened(around.subarray(5, -5))).toBe("token");
  });
});

describe("a record does not open", () => {
  const record = seal(Buffer.from("token"));

  test("with any single bit of it flipped", () => {
    const flips = Array.from({ length: record.length * 8 }, (_, bit) => bit);
    expect(flips.filter((bit) => opened(flipped(record, bit)) !== null)).toEqual([]);
    expect(opened(record)).toBe("token");
  });

  test("with any single bit flipped, though the key goes by the version that it then names", () => {
    const flips = Array.from({ length: record.length * 8 }, (_, bit) => bit);
    const survivors = flips.filter((bit) => {
      const other = flipped(record, bit);
      return opened(other, { ...KEY, version: recordKeyVersion(other) ?? 0 }) !== null;
    });
    // The version is bound through the AAD of `aadOf`, which this test holds still: its 32 bits alone may change here.
    expect(survivors).toEqual(Array.from({ length: 32 }, (_, bit) => 40 + bit));
  });

  test("cut short or extended at either end", () => {
    for (let length = 0; length < record.length; length++) {
      expect([opened(record.subarray(0, length)), opened(record.subarray(record.length - length))]).toEqual([
        null,
        null,
      ]);
    }
    expect(opened(Buffer.concat([record, Buffer.alloc(1)]))).toBeNull();
    expect(opened(Buffer.concat([Buffer.alloc(1), record]))).toBeNull();
  });

  test("under a key that differs in one bit", () => {
    for (let bit = 0; bit < 256; bit++) {
      expect(opened(record, { ...KEY, bytes: flipped(KEY.bytes, bit) })).toBeNull();
    }
  });

  test("under a key of another version", () => {
    expect(opened(record, { ...KEY, version: 8 })).toBeNull();
  });

  test("at any other place", () => {
    const property = fc.property(bytes, (aad) => {
      fc.pre(!Buffer.from(aad).equals(AAD));
      expect(opened(record, KEY, aad)).toBeNull();
    });
    fc.assert(property);
    expect(opened(record, KEY, Buffer.from("aad\0"))).toBeNull();
  });

  test("when it is something else", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 300 }), (other) => {
      expect([recordKeyVersion(other), opened(other)]).toEqual([null, null]);
    });
    fc.assert(property);
  });
});
