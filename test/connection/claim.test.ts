import { describe, expect, test } from "vitest";
import { refusalOf, type ClaimRefusal, type LeaseFacts } from "../../src/connection/claim.ts";

const NOW = 1_000_000;
const QUARANTINE = 60_000;

/** A lease that another, living instance took just now. */
const OTHERS: LeaseFacts = {
  now: NOW,
  owner: "ins_b",
  ownerLives: true,
  leaseUntil: NOW + 1,
  backoffUntil: 0,
  firstSentAt: 0,
  overtaken: null,
  answerUntil: 0,
  steadySince: 0,
  unverified: false,
};

function refused(lease: Partial<LeaseFacts>, request: { gone?: string; replayableMs?: number } = {}) {
  const { gone = null, replayableMs = 0 } = request;
  const ours = { connectionId: "con_1", generation: 1, owner: "ins_a", replayableMs, gone };
  return refusalOf({ ...OTHERS, ...lease }, ours);
}

const held: ClaimRefusal = { kind: "held", owner: "ins_b", until: NOW + 1 };

function quarantined(until: number): ClaimRefusal {
  return { kind: "quarantined", owner: "ins_b", until };
}

function backingOff(until: number): ClaimRefusal {
  return { kind: "backing_off", until };
}

const UNVERIFIED: ClaimRefusal = { kind: "unverified" };

type Case = [what: string, lease: Partial<LeaseFacts>, refusal: ClaimRefusal | null];

describe("a refresh token may be sent", () => {
  const ended = { ownerLives: false, leaseUntil: NOW - QUARANTINE };
  const cases: [string, Partial<LeaseFacts>, { gone?: string; replayableMs?: number }][] = [
    ["when nobody has the lease", { owner: null, leaseUntil: 0 }, {}],
    ["when nobody has the lease, though an earlier answer is not known", { owner: null, ownerLives: false }, {}],
    ["when nobody has the lease, though another is known to have ended", { owner: null }, { gone: "ins_c" }],
    ["under a lease of our own, whose grant did not reach us", { owner: "ins_a" }, {}],
    ["under a lease of our own, though we count as silent", { owner: "ins_a", ownerLives: false }, {}],
    ["when the owner is known to have ended, though it gave a sign of life just now", {}, { gone: "ins_b" }],
    ["when a silent owner is known to have ended", { ownerLives: false }, { gone: "ins_b" }],
    ["when the owner is silent and a replay does no harm", { ownerLives: false }, { replayableMs: Infinity }],
    ["when the lease is over and a replay does no harm", { leaseUntil: NOW }, { replayableMs: Infinity }],
    ["when the owner is silent and had nothing in the air", { ownerLives: false, firstSentAt: null }, {}],
    ["when the lease is over and nothing was in the air", { leaseUntil: NOW, firstSentAt: null }, {}],
    ["when lease and quarantine of a silent owner are over", ended, {}],
    ["when lease and quarantine of a living owner are over", { ...ended, ownerLives: true }, {}],
    ["at the moment at which a back-off ends", { owner: null, backoffUntil: NOW }, {}],
  ];

  test.each(cases)("%s", (_, lease, request) => {
    expect(refused(lease, request)).toBeNull();
  });
});

describe("a refresh token waits", () => {
  const cases: Case[] = [
    ["for a living owner while its lease lasts", {}, held],
    ["for a living owner that had nothing in the air", { firstSentAt: null }, held],
    ["for a silent owner, through lease and quarantine", { ownerLives: false }, quarantined(NOW + 1 + QUARANTINE)],
    ["for an owner that overran its lease", { leaseUntil: NOW }, quarantined(NOW + QUARANTINE)],
    [
      "to the last moment of a quarantine",
      { ownerLives: false, leaseUntil: NOW - QUARANTINE + 1 },
      quarantined(NOW + 1),
    ],
    ["for the end of a back-off", { owner: null, backoffUntil: NOW + 1 }, backingOff(NOW + 1)],
    [
      "for the end of a back-off under a lease of our own",
      { owner: "ins_a", backoffUntil: NOW + 1 },
      backingOff(NOW + 1),
    ],
    ["for the end of a back-off rather than for an owner", { backoffUntil: NOW + 9 }, backingOff(NOW + 9)],
    ["for instances that compare their journals", { owner: null, unverified: true }, UNVERIFIED],
    ["for them under a lease of our own too", { owner: "ins_a", unverified: true }, UNVERIFIED],
    ["for them rather than for an owner", { unverified: true }, UNVERIFIED],
    ["for them rather than for a back-off", { owner: null, unverified: true, backoffUntil: NOW + 9 }, UNVERIFIED],
  ];

  test.each(cases)("%s", (_, lease, refusal) => {
    expect(refused(lease)).toEqual(refusal);
  });

  test("for a living owner though a replay does no harm", () => {
    expect(refused({}, { replayableMs: Infinity })).toEqual(held);
  });

  test("for a living owner though another is known to have ended", () => {
    expect(refused({}, { gone: "ins_c" })).toEqual(held);
  });

  test("for the end of a back-off though the owner is known to have ended", () => {
    expect(refused({ backoffUntil: NOW + 1 }, { gone: "ins_b" })).toEqual(backingOff(NOW + 1));
  });
});

test("a time that a refusal names is still to come", () => {
  const times = [0, NOW - QUARANTINE - 1, NOW - QUARANTINE, NOW - QUARANTINE + 1, NOW - 1, NOW, NOW + 1];
  const sides = [true, false];
  let refusals = 0;
  for (const owner of [null, "ins_a", "ins_b"])
    for (const ownerLives of sides)
      for (const leaseUntil of times)
        for (const backoffUntil of times)
          for (const firstSentAt of [null, 0])
            for (const unverified of sides)
              for (const replayableMs of [Infinity, 0]) {
                const lease = { owner, ownerLives, leaseUntil, backoffUntil, firstSentAt, unverified };
                const refusal = refused(lease, { replayableMs });
                if (!refusal) continue;
                refusals++;
                expect("until" in refusal ? refusal.until : NOW + 1).toBeGreaterThan(NOW);
              }
  expect(refusals).toBeGreaterThan(100);
});

describe("after the database was away for everybody, and all leases have run out", () => {
  const over = { ownerLives: false, leaseUntil: NOW - QUARANTINE, steadySince: NOW - 1000 };

  test("the owner has a moment to say that it lives", () => {
    expect(refused(over)).toEqual(quarantined(NOW + 2000));
    expect(refused({ ...over, steadySince: NOW - 3000 })).toBeNull();
  });

  test("and so has one that was overtaken", () => {
    const overtaken = { ...over, owner: null, overtaken: "ins_c", answerUntil: NOW };
    expect(refused(overtaken)).toEqual({ kind: "quarantined", owner: "ins_c", until: NOW + 2000 });
  });

  test("but not one that is known to have ended, or where a replay does no harm", () => {
    expect(refused(over, { gone: "ins_b" })).toBeNull();
    expect(refused(over, { replayableMs: Infinity })).toBeNull();
    expect(refused({ ...over, firstSentAt: null })).toBeNull();
  });
});

describe("an owner that was overtaken in mid-exchange", () => {
  const free = { owner: null, leaseUntil: 0, overtaken: "ins_c", answerUntil: NOW + 1 };

  test("may still come back with the answer, and is waited for where a replay does harm", () => {
    expect(refused(free)).toEqual({ kind: "quarantined", owner: "ins_c", until: NOW + 1 });
    expect(refused({ ...free, answerUntil: NOW })).toBeNull();
    expect(refused({ ...free, owner: "ins_a" })).toEqual({ kind: "quarantined", owner: "ins_c", until: NOW + 1 });
  });

  test("is not waited for where a replay does none, once it ended, or for another refresh token", () => {
    expect(refused(free, { replayableMs: Infinity })).toBeNull();
    expect(refused(free, { gone: "ins_c" })).toBeNull();
    expect(refused({ ...free, firstSentAt: null })).toBeNull();
  });

  test("is waited for after the one that overtook it", () => {
    const both = { ...free, owner: "ins_b", ownerLives: false, leaseUntil: NOW - QUARANTINE, answerUntil: NOW + 5 };
    expect(refused(both)).toEqual({ kind: "quarantined", owner: "ins_c", until: NOW + 5 });
  });
});
