import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aadOf } from "../../src/keyring/aad.ts";
import { openRecord, sealRecord } from "../../src/keyring/record.ts";
import type { SealAddress } from "../../src/runtime/sealer.ts";
import { openIndependently } from "./independent-opener.ts";

interface Vector {
  key: string;
  key_version: number;
  instance: string;
  tenant: string;
  record_id: string;
  field: SealAddress["field"];
  generation: number;
  salt: string;
  aad: string;
  plaintext: string;
  record: string;
}

const file = new URL("../../docs/sealed-records.vectors.json", import.meta.url);
const vectors: Vector[] = JSON.parse(readFileSync(file, "utf8"));

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

test.each(vectors)("vector %#: $field of generation $generation is what the description says", async (vector) => {
  const { tenant: tenantId, record_id: recordId, field, generation, key_version: version } = vector;
  const aad = aadOf(vector.instance, { tenantId, recordId, field, generation }, version);
  expect(Buffer.from(aad).toString("hex")).toBe(vector.aad);
  const key = { bytes: bytes(vector.key), version };
  const random = { bytes: () => bytes(vector.salt), fraction: () => 0 };
  const sealed = sealRecord(key, aad, Buffer.from(vector.plaintext), random);
  expect(Buffer.from(sealed).toString("hex")).toBe(vector.record);
  expect(Buffer.from(openRecord(key, aad, bytes(vector.record)) ?? []).toString()).toBe(vector.plaintext);
  expect(await openIndependently(key.bytes, bytes(vector.aad), bytes(vector.record))).toBe(vector.plaintext);
});

test("there are vectors of every field, of several key versions, of nothing and of what is not ASCII", () => {
  expect(new Set(vectors.map(({ field }) => field)).size).toBe(6);
  expect(new Set(vectors.map(({ key_version: version }) => version)).size).toBeGreaterThan(2);
  expect(vectors.map(({ plaintext }) => plaintext)).toEqual(
    expect.arrayContaining(["", expect.stringMatching(/[^ -~]/)]),
  );
});
