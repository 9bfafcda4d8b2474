import { describe, expect, test } from "vitest";
import type { ClaimRequest, ClaimResult } from "../../src/connection/claim.ts";
import { SILENCE } from "../../src/refresh/instances.ts";
import { DAY, MINUTE } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import {
  claimRequest,
  commitOf,
  dueRequest,
  openStoreStage,
  rotationOf,
  type StoreStage,
} from "../stage/store-stage.ts";

const ID = "con_1";
const QUARANTINE = MINUTE;

/** A connection that `ins_a` has claimed just now, for a minute. */
async function openHeld(kind: DatabaseKind): Promise<StoreStage & { leaseUntil: number }> {
  const stage = await openStoreStage(kind);
  await stage.create(ID);
  for (const id of ["ins_a", "ins_b", "ins_c"]) await stage.beat(id);
  await stage.claim(ID);
  return { ...stage, leaseUntil: stage.clock.now() + MINUTE };
}

/** A connection that is free, while `ins_b` and `ins_c` live, one of which has not compared. */
async function openUnverified(
  kind: DatabaseKind,
  instanceId: string,
): Promise<StoreStage & { verify(): Promise<unknown> }> {
  const stage = await openStoreStage(kind);
  await stage.create(ID);
  await stage.beat("ins_b");
  await stage.beat("ins_c");
  const { incarnation } = await stage.instances.beat(instanceId, 0);
  return { ...stage, verify: () => stage.instances.beat(instanceId, incarnation) };
}

function byOther({ connections }: StoreStage, changes: Partial<ClaimRequest> = {}): Promise<ClaimResult> {
  return connections.claim(claimRequest(ID, { owner: "ins_b", ...changes }));
}

/** When every database has to refuse a claim, to the millisecond. */
export function connectionRefusalsContract(kind: DatabaseKind): void {
  describe(`a claim that a living owner holds on ${kind.name}`, () => {
    test("is refused until its lease is over, and nothing is changed", async () => {
      const stage = await openHeld(kind);
      const { leaseUntil } = stage;
      const before = await stage.held(ID);
      const held = { kind: "held", owner: "ins_a", until: leaseUntil };
      expect(await byOther(stage)).toEqual(held);
      await stage.liveUntil(leaseUntil - 1, "ins_a", "ins_b");
      expect(await byOther(stage)).toEqual(held);
      expect(await byOther(stage, { replayableMs: 0 })).toEqual(held);
      expect(await stage.held(ID)).toEqual(before);
      await stage.clock.advance(1);
      expect(await byOther(stage)).toMatchObject({ kind: "claimed", claim: { owner: "ins_b" } });
    });

    test("is left in quarantine after its lease, where a replay would do harm", async () => {
      const stage = await openHeld(kind);
      const until = stage.leaseUntil + QUARANTINE;
      await stage.liveUntil(stage.leaseUntil, "ins_a", "ins_b");
      const quarantined = { kind: "quarantined", owner: "ins_a", until };
      expect(await byOther(stage, { replayableMs: 0 })).toEqual(quarantined);
      await stage.liveUntil(until, "ins_a", "ins_b");
      expect(await byOther(stage, { replayableMs: 0 })).toMatchObject({ kind: "claimed" });
    });

    test("is granted when it is known that the owner has ended", async () => {
      const stage = await openHeld(kind);
      expect(await byOther(stage, { gone: "ins_c" })).toMatchObject({ kind: "held" });
      expect(await byOther(stage, { gone: "ins_a", replayableMs: 0 })).toMatchObject({ kind: "claimed" });
    });
  });

  describe(`a claim whose owner went silent on ${kind.name}`, () => {
    test("is granted as soon as it counts as dead, where a replay does no harm", async () => {
      const stage = await openHeld(kind);
      await stage.clock.advance(SILENCE - 1);
      expect(await byOther(stage)).toMatchObject({ kind: "held" });
      await stage.clock.advance(1);
      expect(await byOther(stage)).toMatchObject({ kind: "claimed" });
    });

    test("is left alone until lease and quarantine are over, where a replay would do harm", async () => {
      const stage = await openHeld(kind);
      const before = await stage.held(ID);
      const until = stage.leaseUntil + QUARANTINE;
      await stage.liveUntil(stage.clock.now() + SILENCE, "ins_b");
      for (const now of [stage.clock.now(), stage.leaseUntil, until - 1]) {
        await stage.liveUntil(now, "ins_b");
        const quarantined = { kind: "quarantined", owner: "ins_a", until };
        expect(await byOther(stage, { replayableMs: 0 })).toEqual(quarantined);
      }
      expect(await stage.held(ID)).toEqual(before);
      await stage.clock.advance(1);
      expect(await byOther(stage, { replayableMs: 0 })).toMatchObject({ kind: "claimed" });
    });

    test("is granted without a quarantine when it had nothing in the air", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID);
      for (const id of ["ins_a", "ins_b", "ins_0"]) await stage.beat(id);
      const late = await stage.claim(ID, { owner: "ins_0" });
      await stage.claim(ID, { gone: "ins_0" });
      await stage.connections.commit(rotationOf(ID, 2), late);
      const request = { generation: 2, replayableMs: 0 };
      expect(await byOther(stage, request)).toMatchObject({ kind: "held", owner: "ins_a" });
      await stage.clock.advance(SILENCE);
      expect(await byOther(stage, request)).toMatchObject({ kind: "claimed", claim: { earlier: null } });
    });

    test("is refused in a quarantine when it may still replace the refresh token that another's answer left as it is", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID);
      for (const id of ["ins_a", "ins_b", "ins_0"]) await stage.beat(id);
      const late = await stage.claim(ID, { owner: "ins_0" });
      await stage.claim(ID, { gone: "ins_0" });
      await stage.connections.commit(commitOf(ID, 2), late);
      await stage.clock.advance(SILENCE);
      const request = { generation: 2, replayableMs: 0 };
      expect(await byOther(stage, request)).toMatchObject({ kind: "quarantined", owner: "ins_a" });
    });

    test("is refused again when the owner is heard again within its lease", async () => {
      const stage = await openHeld(kind);
      await stage.clock.advance(SILENCE);
      await stage.beat("ins_a");
      expect(await byOther(stage)).toMatchObject({ kind: "held" });
    });

    test.each([
      ["was never heard of", () => Promise.resolve()],
      ["has left", ({ instances }: StoreStage) => instances.leave("ins_c")],
    ])("is granted when the owner %s, where a replay does no harm", async (_, leave) => {
      const stage = await openStoreStage(kind);
      await stage.create(ID);
      await stage.claim(ID, { owner: "ins_c" });
      await leave(stage);
      const until = stage.clock.now() + MINUTE + QUARANTINE;
      const quarantined = { kind: "quarantined", owner: "ins_c", until };
      expect(await byOther(stage, { replayableMs: 0 })).toEqual(quarantined);
      expect(await byOther(stage)).toMatchObject({ kind: "claimed" });
    });

    test("is granted to the owner itself, and is a sign of life", async () => {
      const stage = await openHeld(kind);
      await stage.clock.advance(SILENCE);
      const again = claimRequest(ID, { replayableMs: 0 });
      expect(await stage.connections.claim(again)).toMatchObject({ kind: "claimed", claim: { earlier: null } });
      expect(await byOther(stage)).toMatchObject({ kind: "held", owner: "ins_a" });
    });
  });

  test(`a claim waits for the end of a back-off on ${kind.name}`, async () => {
    const stage = await openHeld(kind);
    const backoffUntil = stage.clock.now() + 1000;
    await stage.connections.postpone({
      claim: await stage.claim(ID),
      answered: true,
      backoffMs: 1000,
      diagnosis: { cause: "provider_unavailable", confidence: "certain", evidence: {} },
      degrade: false,
      history: null,
    });
    const backingOff = { kind: "backing_off", until: backoffUntil };
    expect(await byOther(stage)).toEqual(backingOff);
    expect(await byOther(stage, { gone: "ins_a" })).toEqual(backingOff);
    await stage.clock.advance(999);
    expect(await byOther(stage)).toEqual(backingOff);
    await stage.clock.advance(1);
    expect(await byOther(stage)).toMatchObject({ kind: "claimed" });
  });

  describe(`while an instance has not compared its journal with the database as it is, on ${kind.name}`, () => {
    test.each(["ins_c", "ins_b"])("which is %s, ins_b claims nothing", async (instanceId) => {
      const stage = await openUnverified(kind, instanceId);
      expect(await byOther(stage)).toEqual({ kind: "unverified" });
      await stage.verify();
      expect(await byOther(stage)).toMatchObject({ kind: "claimed" });
    });

    test("it is waited for until it counts as dead", async () => {
      const stage = await openUnverified(kind, "ins_c");
      await stage.clock.advance(SILENCE - 1);
      await stage.beat("ins_b");
      expect(await byOther(stage)).toMatchObject({ kind: "unverified" });
      await stage.clock.advance(1);
      expect(await byOther(stage)).toMatchObject({ kind: "claimed" });
    });

    test("after an outage longer than that, everybody who was there before has as much time again", async () => {
      const stage = await openUnverified(kind, "ins_c");
      await stage.instances.beat("ins_b", 0);
      await stage.clock.advance(10 * SILENCE);
      await stage.beat("ins_b");
      expect(await byOther(stage)).toMatchObject({ kind: "unverified" });
      await stage.clock.advance(SILENCE - 1);
      await stage.beat("ins_b");
      expect(await byOther(stage)).toMatchObject({ kind: "unverified" });
      await stage.clock.advance(1);
      expect(await byOther(stage)).toMatchObject({ kind: "claimed" });
    });

    test("the claimer has to be known itself, once anybody is", async () => {
      const stage = await openHeld(kind);
      const forgotten = claimRequest(ID, { owner: "ins_d", gone: "ins_a" });
      expect(await stage.connections.claim(forgotten)).toEqual({ kind: "unverified" });
      expect(await stage.connections.claimDue(dueRequest({ owner: "ins_d" }))).toEqual([]);
      await stage.beat("ins_d");
      expect(await stage.connections.claim(forgotten)).toMatchObject({ kind: "claimed" });
    });

    test("after an outage, it is waited for no longer for the sake of those who compare later than the first", async () => {
      const stage = await openUnverified(kind, "ins_c");
      const { incarnation } = await stage.instances.beat("ins_b", 0);
      await stage.clock.advance(10 * SILENCE);
      await stage.instances.beat("ins_b", incarnation);
      await stage.clock.advance(SILENCE - 1);
      await stage.instances.beat("ins_d", incarnation);
      await stage.instances.beat("ins_b", incarnation);
      expect(await byOther(stage)).toMatchObject({ kind: "unverified" });
      await stage.clock.advance(1);
      expect(await byOther(stage)).toMatchObject({ kind: "claimed" });
    });

    test("it claims nothing itself, however long it was silent", async () => {
      const stage = await openUnverified(kind, "ins_b");
      await stage.clock.advance(10 * SILENCE);
      expect(await byOther(stage, { owner: "ins_c" })).toMatchObject({ kind: "claimed" });
      expect(await byOther(stage)).toEqual({ kind: "unverified" });
    });

    test("and has left, it is not waited for", async () => {
      const stage = await openUnverified(kind, "ins_c");
      await stage.instances.leave("ins_c");
      expect(await byOther(stage)).toMatchObject({ kind: "claimed" });
    });

    test("and will not any more, because it ended long ago, it is not waited for", async () => {
      const stage = await openUnverified(kind, "ins_c");
      await stage.clock.advance(2 * DAY);
      await stage.beat("ins_b");
      expect(await byOther(stage)).toMatchObject({ kind: "claimed" });
    });
  });
}
