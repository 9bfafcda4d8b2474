import * as fc from "fast-check";
import { expect, test } from "vitest";
import { withVersion } from "../../src/keyring/aad.ts";
import { pack, resealPacked, unpack } from "../../src/keyring/packed-values.ts";
import { openRecord, SALT, sealRecord } from "../../src/keyring/record.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";

const random = createSeededRandom(7);
const key = (version: number) => ({ bytes: random.bytes(32), version });
const [OLD, OTHER, NEW] = [key(3), key(4), key(11)];

const value = fc.record({
  plaintext: fc.uint8Array({ maxLength: 300 }),
  aad: fc.uint8Array({ maxLength: 300 }),
  by: fc.constantFrom(OLD, OTHER, NEW),
  /** One bit of it was flipped, or it is no record at all. */
  fate: fc.constantFrom("well", "well", "damaged", "no record"),
});

test("each value is sealed anew where it stood, or is null when it cannot be opened", () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 20 }), (values) => {
      const all = values.map(({ plaintext, aad, by, fate }) => {
        const record = Buffer.from(sealRecord(by, withVersion(aad, by.version), plaintext, random));
        if (fate === "damaged") record[record.length - 1] = (record.at(-1) ?? 0) ^ 1;
        return { aad, salt: random.bytes(SALT), sealed: fate === "no record" ? plaintext : record };
      });
      const packed = pack(all);
      resealPacked(packed, [OLD, NEW]);
      const again = unpack(packed);
      expect(again.map((sealed) => sealed && Buffer.from(sealed.subarray(0, 41)).toString("hex"))).toEqual(
        values.map(({ by, fate }, place) =>
          fate === "well" && by !== OTHER ? `45475231010000000b${hex(all[place]?.salt)}` : null,
        ),
      );
      const opened = again.map((sealed, place) => {
        const aad = withVersion(values[place]?.aad ?? new Uint8Array(), NEW.version);
        return sealed && hex(openRecord(NEW, aad, sealed));
      });
      expect(opened).toEqual(values.map(({ plaintext }, place) => (again[place] ? hex(plaintext) : null)));
    }),
  );
});

function hex(bytes: Uint8Array | null | undefined): string | null {
  return bytes ? Buffer.from(bytes).toString("hex") : null;
}
