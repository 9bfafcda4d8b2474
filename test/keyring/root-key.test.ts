import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateRootKey, parseRootKey } from "../../src/keyring/root-key.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";

/** The bytes 0 to 31. */
const TEXT = "egroot_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

describe("a root key", () => {
  test("is 32 random bytes, and is read back", () => {
    const property = fc.property(fc.integer(), (seed) => {
      const text = generateRootKey(createSeededRandom(seed)).reveal();
      const key = parseRootKey(text);
      expect(text).toMatch(/^egroot_/);
      expect(Buffer.from(key?.bytes.reveal() ?? []).equals(createSeededRandom(seed).bytes(32))).toBe(true);
    });
    fc.assert(property);
  });

  test("has always the same fingerprint, because databases are known by it", () => {
    expect(parseRootKey(TEXT)?.fingerprint).toBe("ddf22905af916e7f");
  });

  test("has a fingerprint of its own, which tells nothing of the key", () => {
    const keys = [1, 2].map((seed) => parseRootKey(generateRootKey(createSeededRandom(seed)).reveal()));
    expect(keys[0]?.fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(keys[0]?.fingerprint).not.toBe(keys[1]?.fingerprint);
    expect(Buffer.from(keys[0]?.bytes.reveal() ?? []).toString("hex")).not.toContain(keys[0]?.fingerprint);
  });

  test("prints as [secret], as text and as key", () => {
    const shown = inspect([generateRootKey(createSeededRandom()), parseRootKey(TEXT)], {
      depth: null,
      showHidden: true,
    });
    expect(shown).not.toContain("AAECAwQ");
    expect(shown.match(/\[secret\]/g)).toHaveLength(2);
  });

  test("may have blanks and a line break around it, as in a file", () => {
    expect(parseRootKey(`  ${TEXT}\r\n`)?.fingerprint).toBe("ddf22905af916e7f");
  });
});

describe("no root key", () => {
  test.each([
    ["nothing", ""],
    ["a passphrase", "correct horse battery staple"],
    ["the prefix alone", "egroot_"],
    ["without the prefix", TEXT.slice("egroot_".length)],
    ["with another prefix", TEXT.replace("egroot_", "egkey_")],
    ["with the prefix in capitals", TEXT.replace("egroot_", "EGROOT_")],
    ["a character short", TEXT.slice(0, -1)],
    ["a character long", `${TEXT}A`],
    ["with padding", `${TEXT}=`],
    ["in plain base64", TEXT.replace("AAEC", "AA+/")],
    ["with a blank inside", TEXT.replace("AAEC", "AA C")],
    ["with a line break inside", TEXT.replace("AAEC", "AA\nC")],
    ["two keys", `${TEXT}\n${TEXT}`],
    ["as hex", `egroot_${"0".repeat(64)}`],
    ["with bits beyond the 256th", `${TEXT.slice(0, -1)}9`],
  ])("is %s", (_what, text) => {
    expect(parseRootKey(text)).toBeNull();
  });

  test("is any other text", () => {
    const property = fc.property(fc.string(), (text) => {
      expect([parseRootKey(text), parseRootKey(`egroot_${text}`)]).toEqual([null, null]);
    });
    fc.assert(property);
  });
});
