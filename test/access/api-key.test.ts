import { createHmac } from "node:crypto";
import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashKey, isUsable, mintKey, readKeyId, sameHash, type ApiKey } from "../../src/access/api-key.ts";
import { isId } from "../../src/runtime/id.ts";
import { secret } from "../../src/runtime/secret.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";

const clock = createManualClock();
const minted = mintKey("key", clock, createSeededRandom(7));
const TEXT = minted.text.reveal();

describe("a minted key", () => {
  test.each(["key", "admin"] as const)("of kind %s names its kind and its id, and ends with a checksum", (kind) => {
    const { id, text } = mintKey(kind, clock, createSeededRandom());
    const [start, sum] = [text.reveal().slice(0, -8), text.reveal().slice(-8)];
    expect(isId("key", id)).toBe(true);
    expect(start).toMatch(new RegExp(`^eg_${kind}_${id.slice(4)}_[A-Za-z0-9_-]{43}$`));
    expect(Number.parseInt(sum, 16)).toBe(crc32(start));
  });

  test("is read back as its id, for any chance", () => {
    const property = fc.property(fc.integer(), fc.constantFrom("key", "admin"), (seed, kind) => {
      const { id, text } = mintKey(kind, clock, createSeededRandom(seed));
      expect(readKeyId(text.reveal())).toBe(id);
    });
    fc.assert(property);
  });

  test("has 32 random bytes in its secret part, of its own", () => {
    const random = createSeededRandom();
    const secrets = [1, 2].map(() => mintKey("key", clock, random).text.reveal().slice(-51, -8));
    expect(secrets.map((part) => Buffer.from(part, "base64url").length)).toEqual([32, 32]);
    expect(secrets[0]).not.toBe(secrets[1]);
  });
});

describe("a text that is no key", () => {
  test("is one with any character replaced", () => {
    const position = fc.nat(TEXT.length - 1);
    const property = fc.property(position, fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
      fc.pre(TEXT.charAt(at) !== character);
      expect(readKeyId(TEXT.slice(0, at) + character + TEXT.slice(at + 1))).toBeNull();
    });
    fc.assert(property, { numRuns: 1000 });
  });

  test("is one with two neighbours swapped", () => {
    const property = fc.property(fc.nat(TEXT.length - 2), (at) => {
      const [one, two] = [TEXT.charAt(at), TEXT.charAt(at + 1)];
      fc.pre(one !== two);
      expect(readKeyId(TEXT.slice(0, at) + two + one + TEXT.slice(at + 2))).toBeNull();
    });
    fc.assert(property);
  });

  test.each([
    ["nothing", ""],
    ["cut off", TEXT.slice(0, -1)],
    ["longer", `${TEXT}0`],
    ["with a line break", `${TEXT}\n`],
    ["with a blank before it", ` ${TEXT}`],
    ["in capitals", TEXT.toUpperCase()],
    ["of a kind that there is not", TEXT.replace("eg_key_", "eg_root_")],
    ["an id", minted.id],
  ])("is one that is %s", (_what, text) => {
    expect(readKeyId(text)).toBeNull();
  });

  test("is any other text", () => {
    const property = fc.property(fc.string(), (text) => {
      expect([readKeyId(text), readKeyId(`eg_key_${text}`)]).toEqual([null, null]);
    });
    fc.assert(property);
  });
});

describe("the stored hash", () => {
  const pepper = secret<Uint8Array>(Buffer.alloc(32, 1));

  test("is HMAC-SHA256 of the whole key under the installation's pepper", () => {
    const expected = createHmac("sha256", Buffer.alloc(32, 1)).update(TEXT).digest();
    expect(Buffer.from(hashKey(pepper, TEXT))).toEqual(expected);
  });

  test("is another one under another pepper", () => {
    const other = secret<Uint8Array>(Buffer.alloc(32, 2));
    expect(sameHash(hashKey(pepper, TEXT), hashKey(other, TEXT))).toBe(false);
  });

  test("equals itself, and nothing that differs in one bit or in length", () => {
    const hash = hashKey(pepper, TEXT);
    expect(sameHash(hash, Uint8Array.from(hash))).toBe(true);
    for (let bit = 0; bit < hash.length * 8; bit++) {
      const other = Uint8Array.from(hash, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(sameHash(hash, other)).toBe(false);
    }
    expect(sameHash(hash, hash.subarray(1))).toBe(false);
    expect(sameHash(hash, new Uint8Array())).toBe(false);
  });
});

describe("a stored key is usable", () => {
  const NOW = 1_000_000;
  const key: ApiKey = {
    id: "key_1",
    tenantId: "default",
    name: "",
    scopes: [],
    hash: new Uint8Array(),
    createdAt: 0,
    expiresAt: null,
    revokedAt: null,
    allowedCidrs: [],
    rateLimit: null,
    replaces: null,
    replacedBy: null,
    lastUsedAt: null,
    lastUsedFrom: null,
  };

  test.each([
    ["without an end", {}, true],
    ["before its end", { expiresAt: NOW + 1 }, true],
    ["not at its end", { expiresAt: NOW }, false],
    ["not after its end", { expiresAt: NOW - 1 }, false],
    ["not once it is revoked", { revokedAt: NOW - 1 }, false],
    ["not once it is revoked, though it has not ended", { revokedAt: NOW, expiresAt: NOW + 1 }, false],
  ])("%s", (_when, change, usable) => {
    expect(isUsable({ ...key, ...change }, NOW)).toBe(usable);
  });
});
