import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createId, isId, type IdPrefix } from "../../src/runtime/id.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import type { Random } from "../../src/runtime/random.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";

const PREFIXES: IdPrefix[] = ["con", "cli", "sec", "ten", "cs", "key"];
const prefix = fc.constantFrom(...PREFIXES);
const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });

/** Chance whose every bit is set. */
const HIGHEST: Random = { bytes: (length) => new Uint8Array(length).fill(255), fraction: () => 0 };

function at(now: number): Clock {
  return createManualClock(now);
}

describe("an id", () => {
  test("is its prefix and 26 characters that nobody confuses", () => {
    const property = fc.property(prefix, time, seed, (kind, now, chance) => {
      const id = createId(kind, at(now), createSeededRandom(chance));
      expect(id).toMatch(/^(con|cli|sec|ten|cs|key)_[0-9a-z]{26}$/);
      expect(id.slice(kind.length + 1)).not.toMatch(/[ilou]/);
      expect(isId(kind, id)).toBe(true);
    });
    fc.assert(property);
  });

  test("sorts after every id of an earlier millisecond", () => {
    const property = fc.property(time, time, seed, seed, (one, other, a, b) => {
      fc.pre(one !== other);
      const first = createId("con", at(Math.min(one, other)), createSeededRandom(a));
      const second = createId("con", at(Math.max(one, other)), createSeededRandom(b));
      expect(first < second).toBe(true);
    });
    fc.assert(property);
  });

  test("differs from the others of its millisecond", () => {
    const random = createSeededRandom();
    const ids = Array.from({ length: 1000 }, () => createId("con", at(1), random));
    expect(new Set(ids).size).toBe(1000);
  });

  test("holds the time and the chance it was given", () => {
    expect(createId("cs", at(0), HIGHEST)).toBe(`cs_${"0".repeat(10)}${"z".repeat(16)}`);
    expect(createId("cs", at(33), HIGHEST)).toBe(`cs_${"0".repeat(8)}11${"z".repeat(16)}`);
  });
});

describe("isId", () => {
  const id = createId("con", at(Date.UTC(2026, 0, 1)), createSeededRandom());

  test.each([
    ["another prefix", id.replace("con_", "cli_")],
    ["no prefix", id.slice(4)],
    ["one character less", id.slice(0, -1)],
    ["one character more", `${id}0`],
    ["capitals", id.toUpperCase()],
    ["a letter that is not in the alphabet", `${id.slice(0, -1)}u`],
    ["a line break after it", `${id}\n`],
    ["a blank before it", ` ${id}`],
    ["nothing", ""],
  ])("refuses %s", (_what, text) => {
    expect(isId("con", text)).toBe(false);
  });

  test("refuses anything that only starts like an id", () => {
    const property = fc.property(fc.string({ minLength: 1 }), (tail) => {
      expect(isId("con", id + tail)).toBe(false);
    });
    fc.assert(property);
  });
});
