import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { Claim } from "../../src/connection/claim.ts";
import type { Postponement } from "../../src/connection/store.ts";
import { SECOND } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { AT_REST, openStoreStage, type StoreStage } from "../stage/store-stage.ts";

const ID = "con_1";
const OUTAGE: Diagnosis = { cause: "provider_unavailable", confidence: "certain", evidence: { code: "http_503" } };

async function openWithConnection(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.create(ID);
  await stage.clock.advance(5 * SECOND);
  return stage;
}

/** Backs off for no time, so that the next claim is granted. */
function postponement(claim: Claim, changes: Partial<Postponement> = {}): Postponement {
  const history = { kind: "refresh_failed", generation: 1, detail: { n: 1 } } as const;
  return { claim, answered: true, backoffMs: 0, diagnosis: OUTAGE, degrade: false, history, ...changes };
}

/** What every database has to make of an attempt that decided nothing. */
export function connectionAttemptsContract(kind: DatabaseKind): void {
  describe(`postponing on ${kind.name}`, () => {
    test("gives the claim back, counts the failure, notes its cause, and is due when the back-off is over", async () => {
      const stage = await openWithConnection(kind);
      const before = await stage.held(ID);
      await stage.connections.postpone(postponement(await stage.claim(ID)));
      const now = stage.clock.now();
      const failed = { dueAt: now, backoffUntil: now, failures: 1, cause: "provider_unavailable", epoch: 1 };
      expect(await stage.held(ID)).toEqual({ ...before, lease: { ...AT_REST, ...failed } });
      expect(await stage.connections.history(ID, { limit: 1, before: null })).toEqual([
        { id: expect.any(Number), at: stage.clock.now(), kind: "refresh_failed", generation: 1, detail: { n: 1 } },
      ]);
      const diagnosis: Diagnosis = { ...OUTAGE, cause: "provider_rate_limited" };
      await stage.connections.postpone(postponement(await stage.claim(ID), { backoffMs: 100, diagnosis }));
      const again = { failures: 2, dueAt: now + 100, backoffUntil: now + 100, cause: "provider_rate_limited" };
      expect(await stage.lease(ID)).toMatchObject(again);
    });

    test("leaves out the history of what repeats itself", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.postpone(postponement(await stage.claim(ID), { history: null }));
      expect((await stage.lease(ID)).failures).toBe(1);
      expect(await stage.kindsOf(ID)).toEqual(["connected"]);
    });

    test("without an answer gives the claim back, and keeps the attempt", async () => {
      const stage = await openWithConnection(kind);
      const claim = await stage.claim(ID);
      const attemptAt = stage.clock.now();
      await stage.clock.advance(SECOND);
      await stage.connections.postpone(postponement(claim, { answered: false }));
      const free = { owner: null, leaseUntil: 0, failures: 1 };
      expect(await stage.lease(ID)).toMatchObject({ ...free, attemptGeneration: 1, attemptAt, unanswered: 1 });
    });

    test("leaves what is never due by itself so", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID, {}, { dueAt: null });
      await stage.connections.postpone(postponement(await stage.claim(ID)));
      expect(await stage.lease(ID)).toMatchObject({ dueAt: null, backoffUntil: stage.clock.now() });
    });

    test("degrades once, in the order in which it happened, and then learns the newest reason", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.postpone(postponement(await stage.claim(ID), { degrade: true }));
      const statusSince = stage.clock.now();
      expect((await stage.held(ID)).connection).toMatchObject({ status: "degraded", diagnosis: OUTAGE, statusSince });
      expect(await stage.connections.history(ID, { limit: 1, before: null })).toMatchObject([
        { kind: "degraded", generation: 1, detail: { cause: "provider_unavailable" } },
      ]);
      await stage.clock.advance(SECOND);
      const diagnosis: Diagnosis = { ...OUTAGE, cause: "provider_rate_limited" };
      const repeated = postponement(await stage.claim(ID), { degrade: true, diagnosis, history: null });
      await stage.connections.postpone(repeated);
      expect((await stage.held(ID)).connection).toMatchObject({ status: "degraded", diagnosis, statusSince });
      expect(await stage.kindsOf(ID)).toEqual(["connected", "refresh_failed", "degraded"]);
    });

    test("does not degrade before the trouble has lasted, and leaves the reason of one that is degraded", async () => {
      const stage = await openWithConnection(kind);
      const { connection } = await stage.held(ID);
      await stage.connections.postpone(postponement(await stage.claim(ID)));
      expect((await stage.held(ID)).connection).toEqual(connection);
      await stage.connections.postpone(postponement(await stage.claim(ID), { degrade: true }));
      const diagnosis: Diagnosis = { ...OUTAGE, cause: "provider_rate_limited" };
      await stage.connections.postpone(postponement(await stage.claim(ID), { diagnosis }));
      expect((await stage.held(ID)).connection).toMatchObject({ status: "degraded", diagnosis: OUTAGE });
    });

    test("touches no other connection", async () => {
      const stage = await openWithConnection(kind);
      await stage.create("con_2", { status: "degraded" });
      const before = await stage.held("con_2");
      await stage.connections.postpone(postponement(await stage.claim(ID), { degrade: true }));
      expect(await stage.held("con_2")).toEqual(before);
    });
  });

  describe(`releasing on ${kind.name}`, () => {
    test("an answered attempt leaves the connection as if it had not been claimed", async () => {
      const stage = await openWithConnection(kind);
      const before = await stage.held(ID);
      await stage.connections.release({ claim: await stage.claim(ID), answered: true });
      expect(await stage.held(ID)).toEqual({ ...before, lease: { ...before.lease, epoch: 1 } });
      expect(await stage.kindsOf(ID)).toEqual(["connected"]);
    });

    test("one without an answer keeps the attempt", async () => {
      const stage = await openWithConnection(kind);
      const { lease } = await stage.held(ID);
      await stage.connections.release({ claim: await stage.claim(ID), answered: false });
      const kept = { attemptGeneration: 1, attemptAt: stage.clock.now(), unanswered: 1 };
      expect(await stage.lease(ID)).toEqual({ ...lease, epoch: 1, ...kept });
    });

    test("keeps the failures and their cause", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.postpone(postponement(await stage.claim(ID)));
      const before = await stage.lease(ID);
      await stage.connections.release({ claim: await stage.claim(ID), answered: true });
      expect(await stage.lease(ID)).toEqual({ ...before, epoch: 2 });
    });

    test.each([
      ["another time", 1234],
      ["never by itself", null],
    ])("makes it due %s", async (_, dueAt) => {
      const stage = await openWithConnection(kind);
      await stage.connections.release({ claim: await stage.claim(ID), answered: true }, dueAt);
      expect(await stage.lease(ID)).toEqual({ ...AT_REST, epoch: 1, dueAt });
    });

    test("makes due what never was by itself", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID, {}, { dueAt: null });
      await stage.connections.release({ claim: await stage.claim(ID), answered: true }, 1234);
      expect((await stage.lease(ID)).dueAt).toBe(1234);
    });
  });

  describe(`the answers of several attempts on ${kind.name}`, () => {
    test("are counted: an attempt's own answer says nothing of the earlier ones", async () => {
      const stage = await openWithConnection(kind);
      const attemptAt = stage.clock.now();
      const expectUnanswered = async (unanswered: number) => {
        expect(await stage.lease(ID)).toMatchObject({ owner: null, attemptGeneration: 1, attemptAt, unanswered });
        await stage.clock.advance(SECOND);
      };
      await stage.connections.postpone(postponement(await stage.claim(ID), { answered: false }));
      await expectUnanswered(1);
      await stage.connections.release({ claim: await stage.claim(ID), answered: false });
      await expectUnanswered(2);
      await stage.connections.postpone(postponement(await stage.claim(ID), { answered: true }));
      await expectUnanswered(2);
      const claim = await stage.claim(ID);
      expect(claim.earlier).toEqual({ count: 2, firstAt: attemptAt });
      await stage.connections.release({ claim, answered: true });
      await expectUnanswered(2);
    });

    test("are all known once the only attempt was answered, and the next one is the first again", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.release({ claim: await stage.claim(ID), answered: true });
      await stage.clock.advance(SECOND);
      expect((await stage.claim(ID)).earlier).toBeNull();
      expect(await stage.lease(ID)).toMatchObject({ attemptAt: stage.clock.now(), unanswered: 1 });
    });
  });
}
