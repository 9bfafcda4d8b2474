import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEntry, encodeEntry } from "../../src/journal/entry-encoding.ts";
import { decodeHeader, encodeHeader, encodeRecord, framesOf } from "../../src/journal/segment-format.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { tokensFor, unreadableFor } from "./entries.ts";
import { readIndependently } from "./independent-reader.ts";
import { createJournalStage } from "./journal-stage.ts";

function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.option(value, { nil: null });
}

const HEADER = { number: 3, madeAt: 1_767_225_600_000, previous: { number: 2, end: 513 } };

describe("the format stays as it is", () => {
  /** Confirmed by another implementation in another language. */
  const HEADER_BYTES = [
    "45474a31", // magic
    "00000003", // number
    "0000019b76daa800", // made at
    "00000002", // previous number
    "00000201", // previous end
    "9e2e6b78", // CRC-32
  ].join("");
  const RECORD_BYTES = [
    "00000007", // length
    "aa35cb24", // CRC-32
    "7b2261223a317d", // payload
  ].join("");

  test("a known header gives these bytes, and these bytes the header", () => {
    expect(encodeHeader(HEADER).toString("hex")).toBe(HEADER_BYTES);
    expect(decodeHeader(Buffer.from(HEADER_BYTES, "hex"))).toEqual(HEADER);
  });

  test("a known payload gives these bytes, and these bytes the payload", () => {
    const segment = Buffer.concat([encodeHeader(HEADER), Buffer.from(RECORD_BYTES, "hex")]);
    expect(encodeRecord(Buffer.from('{"a":1}')).toString("hex")).toBe(RECORD_BYTES);
    expect([...framesOf(segment, HEADER)]).toEqual([{ kind: "record", offset: 28, payload: Buffer.from('{"a":1}') }]);
  });

  test("a token set gives this text", () => {
    const text =
      '{"kind":"tokens","tenant":"default","connection":"con_1","received_at":7,"generation":7,' +
      '"access_token":null,"refresh_token":"AAH+/w==","token_type":"Bearer","scope":["files.read","offline_access"],' +
      '"answer_fields":{"instance_url":"https://acme.example"},"obtained_at":7,"origin":"ahead","expires_at":3600007,"refresh_expires_at":null,' +
      '"refresh_token_name":"n-7","refresh_token_marks":{"prefix":"p-7","digest":"d-7"},"rotated_at":9,"dpop_key":"jkt-7"}';
    const sealedRefreshToken = Buffer.from([0, 1, 254, 255]);
    const answerFields = { instance_url: "https://acme.example" };
    const entry = tokensFor("con_1", 7, {
      sealedAccessToken: null,
      sealedRefreshToken,
      answerFields,
      refreshTokenName: "n-7",
      refreshTokenMarks: { prefix: "p-7", digest: "d-7" },
      rotatedAt: 9,
      dpopKey: "jkt-7",
    });
    expect(encodeEntry(entry).toString()).toBe(text);
    expect(decodeEntry(Buffer.from(text))).toEqual(entry);
  });

  test("a token set that an earlier version wrote has no fields beside the tokens", () => {
    const {
      answer_fields: _,
      refresh_token_name: __,
      refresh_token_marks: ___,
      ...earlier
    } = JSON.parse(encodeEntry(tokensFor("con_1", 7)).toString());
    expect(decodeEntry(Buffer.from(JSON.stringify(earlier)))).toMatchObject({
      tokens: { answerFields: {}, refreshTokenName: null, refreshTokenMarks: null },
    });
  });

  test("an unreadable answer gives this text", () => {
    const text =
      '{"kind":"unreadable","tenant":"default","connection":"con_1","received_at":7,"generation":7,' +
      '"body":"c2VhbGVkIGFuc3dlciB0byBjb25fMQ=="}';
    expect(encodeEntry(unreadableFor("con_1", 7)).toString()).toBe(text);
    expect(decodeEntry(Buffer.from(text))).toEqual(unreadableFor("con_1", 7));
  });
});

describe("an entry", () => {
  const time = fc.integer({ min: 0, max: 2 ** 48 });
  const sealed = fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes));
  /** No entry of the catalogue may name that one (test/provider/…). */
  const field = fc.string().filter((name) => name !== "__proto__");
  const tokens = fc.record({
    generation: fc.nat(),
    sealedAccessToken: maybe(sealed),
    sealedRefreshToken: maybe(sealed),
    tokenType: fc.string(),
    scope: fc.array(fc.string({ unit: "grapheme" })),
    answerFields: fc.dictionary(field, fc.string(), { noNullPrototype: true }),
    obtainedAt: time,
    origin: fc.constantFrom("connect", "import", "ahead", "reader", "rejected", "manual", "proof"),
    expiresAt: maybe(time),
    refreshExpiresAt: maybe(time),
    refreshTokenName: maybe(fc.string()),
    refreshTokenMarks: maybe(fc.record({ prefix: fc.string(), digest: fc.string() })),
    rotatedAt: maybe(time),
    dpopKey: maybe(fc.string()),
  });
  const place = { tenantId: fc.string({ unit: "grapheme" }), connectionId: fc.string(), receivedAt: time };
  const entry = fc.oneof(
    fc.record({ kind: fc.constant("tokens" as const), ...place, tokens }),
    fc.record({ kind: fc.constant("unreadable" as const), ...place, generation: fc.nat(), sealedBody: sealed }),
  );

  test("comes back as it was, whatever is in it", () => {
    const property = fc.property(entry, (given) => {
      expect(decodeEntry(encodeEntry(given))).toEqual(given);
    });
    fc.assert(property);
  });

  test("is encoded as it is where its bytes are a part of a larger buffer", () => {
    const sealedRefreshToken = Uint8Array.from([9, 9, 1, 2, 3, 9]).subarray(2, 5);
    const back = decodeEntry(encodeEntry(tokensFor("con_1", 1, { sealedRefreshToken })));
    expect(back).toMatchObject({ tokens: { sealedRefreshToken: Buffer.from([1, 2, 3]) } });
  });

  test.each(["", "{", "null", "[]", '{"kind":"tokens"}', '{"kind":"other","tenant":"default"}'])(
    "is not made of %j",
    (text) => {
      expect(decodeEntry(Buffer.from(text))).toBeNull();
    },
  );
});

describe("a segment", () => {
  test("holds any payloads, one after the other", () => {
    const payload = fc.json().map((json) => Buffer.from(`{"x":${json}}`));
    const property = fc.property(fc.array(payload), (payloads) => {
      const segment = Buffer.concat([encodeHeader(HEADER), ...payloads.map((bytes) => encodeRecord(bytes))]);
      const frames = [...framesOf(segment, HEADER)];
      expect(frames.map((frame) => frame.kind === "record" && frame.payload)).toEqual(payloads);
    });
    fc.assert(property);
  });

  test("that this version wrote can be read with nothing but the documentation", async () => {
    const { open, folder } = createJournalStage();
    const journal = await open();
    const entries = [tokensFor("con_1", 2), unreadableFor("con_2", 5), tokensFor("con_3", 9, { scope: ["ünïcode"] })];
    for (const entry of entries) await journal.append(entry);
    const payloads = [...readIndependently(join(folder("ins_1"), "000001.log"))];
    expect(payloads).toEqual(entries.map((entry): unknown => JSON.parse(encodeEntry(entry).toString())));
  });

  test("is read around damage by that reader too", async () => {
    const path = join(temporaryFolder(), "000001.log");
    const records = [1, 2, 3].map((n) => encodeRecord(encodeEntry(tokensFor(`con_${n}`, n))));
    writeFileSync(path, Buffer.concat([encodeHeader(HEADER), ...records]));
    const bytes = readFileSync(path);
    bytes[28 + (records[0]?.length ?? 0) + 20] = 0;
    writeFileSync(path, bytes);
    const connections = [...readIndependently(path)].map((payload) => payload);
    expect(connections).toMatchObject([{ connection: "con_1" }, { connection: "con_3" }]);
  });
});
