import { describe, expect, test } from "vitest";
import {
  hasNews,
  merge,
  newestSince,
  relationOf,
  remember,
  type Journals,
  type Seen,
} from "../../src/refresh/restore-evidence.ts";
import type { Past, Restore } from "../../src/refresh/restores.ts";
import { DAY, MINUTE } from "../../src/runtime/clock.ts";

const NOW = 100 * DAY;
const KEPT = 7 * DAY;

function seenWith(changes: Partial<Seen> = {}): Seen {
  const database = { installation: "one", clone: null, beats: 40, at: NOW - 2000, restoredAt: null };
  return { ...database, since: NOW - DAY, company: false, instances: {}, ...changes };
}

function pastWith(changes: Partial<Past> = {}): Past {
  const database = {
    installation: "one",
    clone: null,
    clonedAt: null,
    now: NOW,
    beats: 41,
    beatAt: NOW,
    backupTakenAt: null,
  };
  return { ...database, living: ["ins_own"], restore: null, ...changes };
}

function journalsWith(changes: Partial<Journals> = {}): Journals {
  return { own: "ins_own", here: ["ins_own"], isWritable: true, hasGrown: false, ...changes };
}

describe("two databases", () => {
  const one = { installation: "one", clone: null };
  test.each([
    ["same", one, one],
    ["same", { ...one, clone: "a" }, { ...one, clone: "a" }],
    ["clone", one, { ...one, clone: "a" }],
    ["clone", { ...one, clone: "a" }, { ...one, clone: "b" }],
    ["other", one, { installation: "two", clone: null }],
    ["other", { ...one, clone: "a" }, { installation: "two", clone: "a" }],
  ])("are %s", (relation, first, second) => {
    expect(relationOf(first, second)).toBe(relation);
    expect(relationOf(second, first)).toBe(relation);
  });
});

describe("a restore", () => {
  const over: Restore = { at: NOW - MINUTE, from: 1, pending: false };

  test("is no news where there was none, or where it was seen", () => {
    expect(hasNews(null, pastWith())).toBe(false);
    expect(hasNews(seenWith(), pastWith())).toBe(false);
    expect(hasNews(seenWith({ restoredAt: over.at }), pastWith({ restore: over }))).toBe(false);
  });

  test("is news until it was seen, and another one is again", () => {
    expect(hasNews(null, pastWith({ restore: over }))).toBe(true);
    expect(hasNews(seenWith(), pastWith({ restore: over }))).toBe(true);
    expect(hasNews(seenWith({ restoredAt: over.at - 1 }), pastWith({ restore: over }))).toBe(true);
    expect(hasNews(seenWith({ restoredAt: over.at + 1 }), pastWith({ restore: over }))).toBe(true);
  });

  test("is news to everybody while connections are to be looked through", () => {
    const pending = pastWith({ restore: { ...over, pending: true } });
    expect(hasNews(seenWith({ restoredAt: over.at }), pending)).toBe(true);
  });
});

describe("a data directory", () => {
  test("begins to vouch for what is received with its first sign of life", () => {
    expect(
      remember(null, pastWith({ beats: 7, clone: "c", restore: { at: 5, from: 1, pending: false } }), journalsWith()),
    ).toEqual({
      installation: "one",
      clone: "c",
      beats: 7,
      at: NOW,
      restoredAt: 5,
      since: NOW,
      company: false,
      instances: {},
    });
  });

  test("goes on vouching while it is alone", () => {
    const seen = seenWith();
    expect(remember(seen, pastWith(), journalsWith())).toEqual({ ...seen, beats: 41, at: NOW });
  });

  test.each([
    ["nobody", 1, true],
    ["nobody, and one note was lost", 2, true],
    ["somebody", 3, false],
  ])("saw %s in between: it vouches for before is %3$s", (_who, steps, vouches) => {
    const next = remember(seenWith(), pastWith({ beats: 40 + steps }), journalsWith());
    expect(next.since).toBe(vouches ? NOW - DAY : NOW);
  });

  test("goes on vouching after a database that went back", () => {
    expect(remember(seenWith(), pastWith({ beats: 3 }), journalsWith()).since).toBe(NOW - DAY);
  });

  test("goes on vouching beside instances that have their journal here", () => {
    const journals = journalsWith({ here: ["ins_b", "ins_own"] });
    const next = remember(seenWith(), pastWith({ beats: 90, living: ["ins_b", "ins_own"] }), journals);
    expect(next).toMatchObject({ since: NOW - DAY, company: true });
    const alone = remember(next, pastWith({ beats: 190 }), journals);
    expect(alone).toMatchObject({ since: NOW - DAY, company: false });
    expect(remember(alone, pastWith({ beats: 290 }), journals).since).toBe(NOW);
  });

  test("vouches for nothing beside an instance that has its journal elsewhere", () => {
    const past = pastWith({ living: ["ins_b", "ins_c", "ins_own"] });
    const next = remember(seenWith(), past, journalsWith({ here: ["ins_b", "ins_own"] }));
    expect(next).toMatchObject({ since: NOW, company: false });
    const silent = pastWith({ beats: 50, now: NOW + MINUTE });
    expect(remember(next, silent, journalsWith()).since).toBe(NOW + MINUTE);
  });

  test("vouches for nothing while its journal takes nothing", () => {
    expect(remember(seenWith(), pastWith(), journalsWith({ isWritable: false })).since).toBe(NOW);
  });

  test("remembers which instances have entries, and since when none was added", () => {
    const before = seenWith({ instances: { ins_a: 5, ins_own: 6 } });
    expect(remember(before, pastWith(), journalsWith()).instances).toEqual({ ins_a: 5, ins_own: 6 });
    const grown = remember(before, pastWith(), journalsWith({ hasGrown: true }));
    expect(grown.instances).toEqual({ ins_a: 5, ins_own: NOW });
  });

  test("remembers a hundred of them, and vouches for nothing before the last that it forgot", () => {
    const instances = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`ins_${i}`, NOW - 5000 - i]));
    const next = remember(seenWith({ instances }), pastWith(), journalsWith({ hasGrown: true }));
    expect(Object.keys(next.instances)).toHaveLength(100);
    expect(next.instances).toMatchObject({ ins_own: NOW, ins_98: NOW - 5098 });
    expect(next.since).toBe(NOW - 5099);
  });
});

describe("what two instances of one data directory noted", () => {
  test("is the later state of the database, the less of what can be vouched for, and all journals", () => {
    const one = seenWith({ beats: 9, at: 50, since: 10, restoredAt: 3, instances: { ins_a: 1, ins_b: 4 } });
    const other = seenWith({ beats: 7, at: 60, since: 20, company: true, instances: { ins_b: 3, ins_c: 5 } });
    const merged = { ...other, instances: { ins_a: 1, ins_b: 4, ins_c: 5 } };
    expect(merge(one, other)).toEqual(merged);
    expect(merge(other, one)).toEqual(merged);
  });
});

describe("after a restore, the journals", () => {
  const WHOLE = { damaged: false, filled: ["ins_a", "ins_own"] };
  const from = NOW - 5 * DAY;
  const past = pastWith({ restore: { at: NOW, from, pending: true } });

  test("say everything when they reach back to the backup", () => {
    expect(newestSince(seenWith({ since: from }), past, WHOLE, KEPT)).toBe(0);
  });

  test("say something about what was received later, when they do not", () => {
    const since = from + 1;
    expect(newestSince(seenWith({ since }), past, WHOLE, KEPT)).toBe(since + 5 * MINUTE);
  });

  test("say nothing of the time whose entries are deleted by now", () => {
    const older = pastWith({ restore: { at: NOW, from: NOW - 8 * DAY, pending: true } });
    expect(newestSince(seenWith({ since: 1 }), older, WHOLE, KEPT)).toBe(NOW - KEPT + 5 * MINUTE);
  });

  test.each([
    ["nobody remembers what they should hold", null, WHOLE],
    ["something in them cannot be read", seenWith({ since: 1 }), { ...WHOLE, damaged: true }],
    ["one is gone that had entries", seenWith({ since: 1, instances: { ins_b: NOW - DAY } }), WHOLE],
    ["one is gone whose last entry came with the backup", seenWith({ since: 1, instances: { ins_b: from } }), WHOLE],
  ])("say nothing when %s", (_when, seen, journals) => {
    expect(newestSince(seen, past, journals, KEPT)).toBeNull();
  });

  test("need not hold an instance that had its last entry before the backup, or before what they vouch for", () => {
    expect(newestSince(seenWith({ since: 1, instances: { ins_b: from - 1 } }), past, WHOLE, KEPT)).toBe(0);
    const older = pastWith({ restore: { at: NOW, from: NOW - 9 * DAY, pending: true } });
    const seen = seenWith({ since: 1, instances: { ins_b: NOW - 8 * DAY } });
    expect(newestSince(seen, older, WHOLE, KEPT)).toBe(NOW - KEPT + 5 * MINUTE);
    const lost = seenWith({ since: NOW - DAY, instances: { ins_b: NOW - DAY - 1 } });
    expect(newestSince(lost, past, WHOLE, KEPT)).toBe(NOW - DAY + 5 * MINUTE);
  });

  test("are not asked when there was none", () => {
    expect(newestSince(seenWith(), pastWith(), WHOLE, KEPT)).toBeNull();
  });
});
