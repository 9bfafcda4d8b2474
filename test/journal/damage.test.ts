import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { JournalEntry } from "../../src/connection/journal.ts";
import { encodeEntry } from "../../src/journal/entry-encoding.ts";
import { encodeHeader, encodeRecord, HEADER_LENGTH, type SegmentHeader } from "../../src/journal/segment-format.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { tokensFor } from "./entries.ts";
import { contentOf, createJournalStage } from "./journal-stage.ts";

const ENTRIES = [1, 2, 3].map((n) => tokensFor(`con_${n}`, n));
const RECORDS = ENTRIES.map((entry) => encodeRecord(encodeEntry(entry)));
const LENGTHS = RECORDS.map(({ length }) => length);
const WHOLE = Buffer.concat([header({ number: 1 }), ...RECORDS]);
const [SECOND = 0, THIRD = 0] = [1, 2].map((count) => HEADER_LENGTH + sum(LENGTHS.slice(0, count)));

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function header(change: Partial<SegmentHeader> & { number: number }): Buffer {
  return encodeHeader({ madeAt: 0, previous: { number: 0, end: 0 }, ...change });
}

/** A later segment, which says of the first that so much of it was on disk. */
function successor(end: number, previous = 1, number = 2): Buffer {
  return Buffer.concat([header({ number, previous: { number: previous, end } }), ...RECORDS.slice(2)]);
}

/** What is read from segments with these bytes. */
async function read(segments: Record<string, Buffer>, folder = temporaryFolder()) {
  for (const [name, bytes] of Object.entries(segments)) writeFileSync(join(folder, name), bytes);
  return contentOf(folder);
}

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  return Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ (1 << bit) : byte)));
}

function damaged(offset: number, problem: string, file = "000001.log") {
  return { kind: "damage", file, offset, problem };
}

/** The entries whose records lie apart from the byte at `at`. */
function apartFrom(at: number): JournalEntry[] {
  const ends = LENGTHS.map((_, n) => HEADER_LENGTH + sum(LENGTHS.slice(0, n + 1)));
  return ENTRIES.filter((_, n) => at < (ends[n - 1] ?? HEADER_LENGTH) || at >= (ends[n] ?? 0));
}

describe("the last segment, cut short", () => {
  test("at any byte gives out what is whole, and says nothing", async () => {
    const folder = temporaryFolder();
    for (let length = 0; length < WHOLE.length; length++) {
      const whole = ENTRIES.filter((_, n) => HEADER_LENGTH + sum(LENGTHS.slice(0, n + 1)) <= length);
      const found = await read({ "000001.log": WHOLE.subarray(0, length) }, folder);
      expect(found, `${length} bytes`).toEqual({ entries: whole, damage: [] });
    }
  });

  test("with zeros where the record was to be is the same", async () => {
    const folder = temporaryFolder();
    for (let length = HEADER_LENGTH; length < WHOLE.length; length++) {
      const bytes = Buffer.concat([WHOLE.subarray(0, length), Buffer.alloc(WHOLE.length - length + 5000)]);
      const { entries, damage } = await read({ "000001.log": bytes }, folder);
      const whole = ENTRIES.filter((_, n) => HEADER_LENGTH + sum(LENGTHS.slice(0, n + 1)) <= length);
      // A record may end with zeros of its own: those of its CRC do not, and its last byte is a brace.
      expect({ entries, damage }, `${length} bytes`).toEqual({ entries: whole, damage: [] });
    }
  });
});

describe("one flipped bit", () => {
  test("anywhere never changes an entry, and takes none but the one that it is in", async () => {
    const folder = temporaryFolder();
    for (let at = 0; at < WHOLE.length; at++) {
      const { entries, damage } = await read({ "000001.log": flipped(WHOLE, at, at % 8) }, folder);
      expect(entries, `byte ${at}`).toEqual(apartFrom(at));
      expect(damage.length, `byte ${at}`).toBe(at < THIRD ? 1 : 0);
    }
  });

  test("is reported where it is, also in the last record of a segment that was completed", async () => {
    for (let at = 0; at < WHOLE.length; at += 7) {
      const found = await read({ "000001.log": flipped(WHOLE, at, at % 8), "000002.log": successor(WHOLE.length) });
      const isInLast = at >= THIRD;
      const offset = [0, HEADER_LENGTH, SECOND, THIRD].findLast((start) => start <= at) ?? 0;
      expect(found, `byte ${at}`).toEqual({
        entries: [...apartFrom(at), ...ENTRIES.slice(2)],
        damage: [damaged(offset, isInLast ? "cut_short" : "damaged")],
      });
    }
  });

  test("in every bit of a record's prefix", async () => {
    for (let bit = 0; bit < 64; bit++) {
      const at = SECOND + (bit >> 3);
      const { entries, damage } = await read({ "000001.log": flipped(WHOLE, at, bit & 7) });
      expect(entries).toEqual(apartFrom(at));
      expect(damage).toEqual([damaged(SECOND, "damaged")]);
    }
  });
});

describe("a segment that was completed", () => {
  test("and is shorter than it was is reported, also where it ends with a record", async () => {
    for (const length of [0, 10, HEADER_LENGTH, SECOND, SECOND + 1, THIRD, WHOLE.length - 1]) {
      const { damage } = await read({
        "000001.log": WHOLE.subarray(0, length),
        "000002.log": successor(WHOLE.length),
      });
      const whole = [HEADER_LENGTH, SECOND, THIRD].findLast((end) => end <= length) ?? 0;
      expect(damage, `${length} bytes`).toEqual([damaged(whole, "cut_short")]);
    }
  });

  test("may have remains of a failed write behind its end", async () => {
    const remains = Buffer.concat([WHOLE, RECORDS[0]?.subarray(0, 50) ?? Buffer.alloc(0)]);
    const found = await read({ "000001.log": remains, "000002.log": successor(WHOLE.length) });
    expect(found).toEqual({ entries: [...ENTRIES, ...ENTRIES.slice(2)], damage: [] });
  });

  test("may have unreadable remains, and whole records among them", async () => {
    const remains = Buffer.concat([WHOLE.subarray(0, SECOND), Buffer.alloc(50, 1), ...RECORDS.slice(1, 2)]);
    const found = await read({ "000001.log": remains, "000002.log": successor(SECOND) });
    expect(found).toEqual({ entries: [...ENTRIES.slice(0, 2), ...ENTRIES.slice(2)], damage: [] });
  });

  test("is missing when a later one follows it", async () => {
    const found = await read({
      "000001.log": WHOLE,
      "000003.log": successor(500, 2, 3),
    });
    expect(found).toEqual({
      entries: [...ENTRIES, ...ENTRIES.slice(2)],
      damage: [damaged(0, "missing", "000002.log")],
    });
  });

  test("is not missing when it was the oldest: those are deleted", async () => {
    const found = await read({ "000002.log": successor(500) });
    expect(found).toEqual({ entries: ENTRIES.slice(2), damage: [] });
  });
});

test("a segment that failed while it was made is no damage", async () => {
  for (const length of [0, 5, HEADER_LENGTH]) {
    const found = await read({
      "000001.log": WHOLE,
      "000002.log": header({ number: 2 }).subarray(0, length),
      "000003.log": successor(WHOLE.length, 1, 3),
    });
    expect(found, `${length} bytes`).toEqual({ entries: [...ENTRIES, ...ENTRIES.slice(2)], damage: [] });
  }
});

test("a segment of another version is reported, and not read", async () => {
  const other = header({ number: 1 });
  other.write("EGJ2");
  other.writeUInt32BE(crc32(other.subarray(0, 24)), 24);
  const found = await read({ "000001.log": Buffer.concat([other, ...RECORDS]), "000002.log": successor(WHOLE.length) });
  expect(found).toEqual({ entries: ENTRIES.slice(2), damage: [damaged(0, "not_understood")] });
});

test("a record that is whole and says nothing known is reported, and the next one read", async () => {
  const strange = encodeRecord(Buffer.from('{"kind":"other"}'));
  const segment = Buffer.concat([WHOLE.subarray(0, SECOND), strange, ...RECORDS.slice(1)]);
  expect(await read({ "000001.log": segment })).toEqual({
    entries: ENTRIES,
    damage: [damaged(SECOND, "not_understood")],
  });
});

test("an unreadable file is reported, and the next one read", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "000001.log"));
  writeFileSync(join(folder, "000002.log"), successor(WHOLE.length));
  expect(await contentOf(folder)).toEqual({ entries: ENTRIES.slice(2), damage: [damaged(0, "unreadable")] });
});

test("an unreadable folder is reported", async () => {
  const path = join(temporaryFolder(), "ins_1");
  writeFileSync(path, "");
  expect(await contentOf(path)).toEqual({ entries: [], damage: [damaged(0, "unreadable", ".")] });
});

test("a folder that is not there holds nothing", async () => {
  expect(await contentOf(join(temporaryFolder(), "ins_1"))).toEqual({ entries: [], damage: [] });
});

test("other files in the folder are no segments", async () => {
  const found = await read({ "000001.log": WHOLE, "1.log": WHOLE, "000002.log.next": WHOLE, "settled.json": WHOLE });
  expect(found).toEqual({ entries: ENTRIES, damage: [] });
});

test("segments are read by number, also beyond a million", async () => {
  const [first, second] = ENTRIES.map((_, n) => Buffer.concat([header({ number: 1 }), ...RECORDS.slice(n, n + 1)]));
  const found = await read({ "1000000.log": second ?? WHOLE, "999999.log": first ?? WHOLE });
  expect(found.entries).toEqual(ENTRIES.slice(0, 2));
});

test("what is damaged before the place from where it is read is not reported", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "000001.log"), flipped(WHOLE, SECOND - 1, 1));
  const readFrom = (offset: number) => contentOf(folder, { segment: 1, offset });
  expect(await readFrom(SECOND)).toEqual({ entries: ENTRIES.slice(1), damage: [] });
  expect(await readFrom(SECOND - 1)).toEqual({
    entries: ENTRIES.slice(1),
    damage: [damaged(HEADER_LENGTH, "damaged")],
  });
  expect(await readFrom(THIRD)).toEqual({ entries: ENTRIES.slice(2), damage: [] });
});

test("a journal with damage can be written on by its owner", async () => {
  const { folder, open } = createJournalStage();
  const journal = await open();
  for (const entry of ENTRIES) await journal.append(entry);
  const path = join(folder("ins_1"), "000001.log");
  const bytes = flipped(readFileSync(path), SECOND + 30, 3);
  // In place, because the journal has the file open.
  writeFileSync(path, bytes, { flag: "r+" });
  await journal.append(tokensFor("con_4", 4));
  expect(await contentOf(folder("ins_1"))).toEqual({
    entries: [...apartFrom(SECOND), tokensFor("con_4", 4)],
    damage: [damaged(SECOND, "damaged")],
  });
});
