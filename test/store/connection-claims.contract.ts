import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { Claim } from "../../src/connection/claim.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { claimRequest, commitOf, openStoreStage, type StoreStage } from "../stage/store-stage.ts";

const ID = "con_1";
const OUTAGE: Diagnosis = { cause: "provider_unavailable", confidence: "certain", evidence: {} };

async function openWithConnection(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.create(ID);
  await stage.clock.advance(5 * SECOND);
  return stage;
}

/** The answer to what was sent under this claim never came; the next attempt may be made at once. */
async function loseAnswer({ connections }: StoreStage, claim: Claim): Promise<void> {
  const attempt = {
    claim,
    answered: false,
    backoffMs: 0,
    diagnosis: OUTAGE,
    degrade: false,
    history: null,
  };
  await connections.postpone(attempt);
}

/** Is a claim told so, and leaves everything as it is? */
async function isMoved(stage: StoreStage, generation: number): Promise<boolean> {
  const before = await stage.held(ID);
  expect(await stage.connections.claim(claimRequest(ID, { generation }))).toEqual({ kind: "moved" });
  return isDeepStrictEqual(await stage.held(ID), before);
}

/** What every database has to make of a claim that is granted, and of one that comes too late. */
export function connectionClaimsContract(kind: DatabaseKind): void {
  describe(`claiming on ${kind.name}`, () => {
    test("grants the lease, counts the claim and notes the intent, and nothing else", async () => {
      const stage = await openWithConnection(kind);
      const before = await stage.held(ID);
      const now = stage.clock.now();
      expect(await stage.connections.claim(claimRequest(ID, { owner: "ins_b", leaseMs: 1234 }))).toEqual({
        kind: "claimed",
        claim: { connectionId: ID, generation: 1, owner: "ins_b", epoch: 1, earlier: null },
      });
      const taken = { epoch: 1, owner: "ins_b", leaseUntil: now + 1234 };
      const intent = { attemptGeneration: 1, attemptAt: now, unanswered: 1 };
      expect(await stage.held(ID)).toEqual({ ...before, lease: { ...before.lease, ...taken, ...intent } });
      expect(await stage.kindsOf(ID)).toEqual(["connected"]);
    });

    test("does not touch another connection", async () => {
      const stage = await openWithConnection(kind);
      await stage.create("con_2");
      const before = await stage.held("con_2");
      await stage.claim(ID);
      expect(await stage.held("con_2")).toEqual(before);
    });

    test.each([
      ["is not due yet", Number.MAX_SAFE_INTEGER],
      ["is never due by itself", null],
    ])("is granted for a connection that %s", async (_, dueAt) => {
      const stage = await openStoreStage(kind);
      await stage.create(ID, {}, { dueAt });
      await stage.claim(ID);
      expect((await stage.lease(ID)).dueAt).toBe(dueAt);
    });

    test("is granted for a connection that is degraded", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID, { status: "degraded" });
      await expect(stage.claim(ID)).resolves.toMatchObject({ epoch: 1 });
    });

    test("is granted for the generation that a refresh has brought, and counts on", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.commit(commitOf(ID, 2), await stage.claim(ID));
      await stage.clock.advance(SECOND);
      expect(await stage.claim(ID, { generation: 2 })).toMatchObject({ generation: 2, epoch: 2, earlier: null });
      const intent = { attemptGeneration: 2, attemptAt: stage.clock.now(), unanswered: 1 };
      expect(await stage.lease(ID)).toMatchObject(intent);
    });
  });

  describe(`a claim comes too late on ${kind.name}`, () => {
    test.each([0, 1, 3])("when it is of generation %d and the second is current", async (generation) => {
      const stage = await openWithConnection(kind);
      await stage.connections.commit(commitOf(ID, 2), await stage.claim(ID));
      expect(await isMoved(stage, generation)).toBe(true);
    });

    test("when the user has to reauthorize", async () => {
      const stage = await openWithConnection(kind);
      const status = "reauthorization_required";
      const history = { kind: status, generation: 1, detail: {} } as const;
      await stage.connections.setStatus({ connectionId: ID, generation: 1, status, diagnosis: null, history });
      expect(await isMoved(stage, 1)).toBe(true);
    });

    test.each([1, 2])("when the connection was disconnected, for generation %d", async (generation) => {
      const stage = await openWithConnection(kind);
      await stage.connections.disconnect(ID, { kind: "disconnected", generation: 1, detail: {} });
      expect(await isMoved(stage, generation)).toBe(true);
    });

    test("when there is no such connection", async () => {
      const { connections } = await openWithConnection(kind);
      expect(await connections.claim(claimRequest("con_none"))).toEqual({ kind: "moved" });
    });
  });

  describe(`sends without a known answer on ${kind.name}`, () => {
    test("are told to each later claim, with their number and the time of the first", async () => {
      const stage = await openWithConnection(kind);
      const firstAt = stage.clock.now();
      await loseAnswer(stage, await stage.claim(ID));
      for (let count = 1; count <= 3; count++) {
        await stage.clock.advance(SECOND);
        const claim = await stage.claim(ID, { owner: count === 2 ? "ins_b" : "ins_a" });
        expect(claim).toMatchObject({ epoch: count + 1, earlier: { count, firstAt } });
        expect(await stage.lease(ID)).toMatchObject({ attemptAt: firstAt, unanswered: count + 1 });
        await loseAnswer(stage, claim);
      }
    });

    test("are counted for an owner that ended, whoever takes over", async () => {
      const stage = await openWithConnection(kind);
      const firstAt = stage.clock.now();
      await stage.claim(ID);
      await stage.clock.advance(SECOND);
      const second = await stage.claim(ID, { owner: "ins_b", gone: "ins_a" });
      expect(second.earlier).toEqual({ count: 1, firstAt });
      const third = await stage.claim(ID, { gone: "ins_b" });
      expect(third.earlier).toEqual({ count: 2, firstAt });
    });

    test("do not grow by a grant that did not reach its owner and is asked for again", async () => {
      const stage = await openWithConnection(kind);
      await stage.beat("ins_a");
      const first = await stage.claim(ID);
      const attemptAt = stage.clock.now();
      await stage.clock.advance(5 * SECOND);
      expect(await stage.claim(ID)).toEqual({ ...first, epoch: 2 });
      const renewed = { epoch: 2, owner: "ins_a", leaseUntil: stage.clock.now() + MINUTE };
      expect(await stage.lease(ID)).toMatchObject({ ...renewed, attemptAt, unanswered: 1 });
    });

    test("stay in a grant that is asked for again", async () => {
      const stage = await openWithConnection(kind);
      const firstAt = stage.clock.now();
      await loseAnswer(stage, await stage.claim(ID));
      await stage.clock.advance(SECOND);
      await stage.claim(ID);
      expect((await stage.claim(ID)).earlier).toEqual({ count: 1, firstAt });
    });

    test("of another generation count for nothing", async () => {
      const stage = await openWithConnection(kind);
      const noted = { attempt_generation: 0, attempt_at: 1, unanswered: 7 };
      await stage.database.write(async (queries) => {
        await queries.updateTable("refresh_leases").set(noted).execute();
      });
      expect((await stage.claim(ID)).earlier).toBeNull();
      const intent = { attemptGeneration: 1, attemptAt: stage.clock.now(), unanswered: 1 };
      expect(await stage.lease(ID)).toMatchObject(intent);
    });
  });

  describe(`a claim stands on ${kind.name}`, () => {
    test("until somebody claims after it", async () => {
      const stage = await openWithConnection(kind);
      const first = await stage.claim(ID);
      expect(await stage.connections.stands(first)).toBe(true);
      const second = await stage.claim(ID, { owner: "ins_b", gone: "ins_a" });
      expect(await stage.connections.stands(first)).toBe(false);
      expect(await stage.connections.stands(second)).toBe(true);
    });

    test("until its owner claims again", async () => {
      const stage = await openWithConnection(kind);
      const first = await stage.claim(ID);
      const second = await stage.claim(ID);
      expect(await stage.connections.stands(first)).toBe(false);
      expect(await stage.connections.stands(second)).toBe(true);
    });

    test("beyond its lease, and though its owner is silent, while nobody else claims", async () => {
      const stage = await openWithConnection(kind);
      const claim = await stage.claim(ID);
      await stage.clock.advance(2 * MINUTE);
      expect(await stage.connections.stands(claim)).toBe(true);
    });

    test("until another token set is the newest, though its lease is kept", async () => {
      const stage = await openWithConnection(kind);
      const late = await stage.claim(ID);
      const claim = await stage.claim(ID, { owner: "ins_b", gone: "ins_a" });
      await stage.connections.commit(commitOf(ID, 2), late);
      expect(await stage.lease(ID)).toMatchObject({ owner: "ins_b", epoch: claim.epoch });
      expect(await stage.connections.stands(claim)).toBe(false);
    });

    test("until it is given back", async () => {
      const stage = await openWithConnection(kind);
      const claim = await stage.claim(ID);
      await stage.connections.release({ claim, answered: true });
      expect(await stage.connections.stands(claim)).toBe(false);
    });

    test("until the connection is ended, though its token set stays the newest", async () => {
      const stage = await openWithConnection(kind);
      const claim = await stage.claim(ID);
      const status = "reauthorization_required";
      const history = { kind: status, generation: 1, detail: {} } as const;
      await stage.connections.setStatus({ connectionId: ID, generation: 1, status, diagnosis: null, history });
      expect(await stage.connections.stands(claim)).toBe(false);
    });

    test("never for a connection that is not there, or is another", async () => {
      const stage = await openWithConnection(kind);
      await stage.create("con_2");
      const claim = await stage.claim(ID);
      expect(await stage.connections.stands({ ...claim, connectionId: "con_none" })).toBe(false);
      expect(await stage.connections.stands({ ...claim, connectionId: "con_2" })).toBe(false);
    });
  });
}
