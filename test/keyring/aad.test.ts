import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aadOf, sentinelAad, tenantKeyAad } from "../../src/keyring/aad.ts";
import type { SealAddress } from "../../src/runtime/sealer.ts";

const ADDRESS: SealAddress = { tenantId: "ten_1", recordId: "con_1", field: "refresh_token", generation: 3 };

function hex(aad: Uint8Array): string {
  return Buffer.from(aad).toString("hex");
}

type Place = [instance: string, tenantId: string, recordId: string, generation: number, version: number];

function written([instance, tenantId, recordId, generation, version]: Place): string {
  return hex(aadOf(instance, { tenantId, recordId, field: "access_token", generation }, version));
}

const base = hex(aadOf("inst-1", ADDRESS, 2));

describe("the place of a record", () => {
  test("is written as each part with its length before it", () => {
    const parts = ["evergrant.record.1", "inst-1", "ten_1", "con_1", "refresh_token", "3", "2"];
    const encoded = parts.map(
      (part) => `00${Buffer.from([part.length]).toString("hex")}${Buffer.from(part).toString("hex")}`,
    );
    expect(base).toBe(encoded.join(""));
  });

  test.each([
    ["instance", aadOf("inst-2", ADDRESS, 2)],
    ["tenant", aadOf("inst-1", { ...ADDRESS, tenantId: "ten_2" }, 2)],
    ["record", aadOf("inst-1", { ...ADDRESS, recordId: "con_2" }, 2)],
    ["field", aadOf("inst-1", { ...ADDRESS, field: "access_token" }, 2)],
    ["generation", aadOf("inst-1", { ...ADDRESS, generation: 4 }, 2)],
    ["key version", aadOf("inst-1", ADDRESS, 3)],
  ])("differs by %s", (_part, other) => {
    expect(hex(other)).not.toBe(base);
  });

  test("reads the same for no two places", () => {
    const part = fc.string({ maxLength: 6 });
    const place = fc.tuple(part, part, part, fc.nat(20), fc.nat(20));
    const property = fc.property(place, place, (one, two) => {
      expect(written(one) === written(two)).toBe(JSON.stringify(one) === JSON.stringify(two));
    });
    fc.assert(property);
    expect(written(["a", "bc", "", 1, 11])).not.toBe(written(["ab", "c", "", 11, 1]));
    expect(written(["\0\u0001a", "", "", 1, 1])).not.toBe(written(["", "a", "", 1, 1]));
  });

  test("is never that of a tenant key or of the sentinel", () => {
    const places = [base, hex(tenantKeyAad("inst-1", "ten_1", 2)), hex(sentinelAad("inst-1"))];
    expect(new Set(places.map((place) => place.slice(0, 46))).size).toBe(3);
  });
});

test("the place of a tenant key differs by instance, tenant and version", () => {
  const places = [
    tenantKeyAad("inst-1", "ten_1", 1),
    tenantKeyAad("inst-2", "ten_1", 1),
    tenantKeyAad("inst-1", "ten_2", 1),
    tenantKeyAad("inst-1", "ten_1", 2),
  ];
  expect(new Set(places.map(hex)).size).toBe(4);
});

test("the place of the sentinel differs by instance", () => {
  expect(hex(sentinelAad("inst-1"))).not.toBe(hex(sentinelAad("inst-2")));
});
