import { describe, expect, test } from "vitest";
import type { Commit } from "../../src/connection/store.ts";
import { HOUR } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { AT_REST, commitOf, openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";
import { ID, openSuperseded, openWithSpares, sealingsOf } from "./spare-stage.ts";

/** Spares of the second and third generation, where the second is current; and one of another connection. */
async function openWithGenerations(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openSuperseded(kind);
  await stage.create("con_2");
  await stage.connections.setAside("con_2", tokenRecord(1, 9), null);
  await stage.connections.setAside(ID, tokenRecord(3, 3), null);
  await stage.connections.setAside(ID, tokenRecord(2, 2), null);
  return stage;
}

async function rejectNewest(stage: StoreStage, generation = 2): Promise<string> {
  return stage.connections.reject({
    claim: await stage.claim(ID, { generation }),
    diagnosis: { cause: "unknown", confidence: "possible", evidence: {} },
    history: { kind: "reauthorization_required", generation, detail: {} },
    confirmAfterMs: null,
    brake: { windowMs: 1, tolerated: 1, patienceMs: 1, backoffMs: 1 },
  });
}

async function better(stage: StoreStage): Promise<boolean> {
  return (await stage.held(ID)).hasBetterSpare;
}

/** The second generation is what `commit` says. */
async function openAfter(kind: DatabaseKind, commit: Commit): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.create(ID);
  await stage.connections.commit(commit, await stage.claim(ID));
  return stage;
}

/** What every database has to make of token sets that came too late to be the newest. */
export function connectionSparesContract(kind: DatabaseKind): void {
  describe(`setting aside on ${kind.name}`, () => {
    test("keeps the token set whole, and the connection as it is", async () => {
      const stage = await openSuperseded(kind);
      const before = await stage.held(ID);
      await stage.connections.setAside(ID, tokenRecord(2, 1), null);
      expect(await stage.connections.spares(ID)).toEqual([{ id: expect.any(Number), tokens: tokenRecord(2, 1) }]);
      expect(await stage.held(ID)).toEqual(before);
      const entry = { kind: "superseded", generation: 2, detail: {}, at: stage.clock.now() };
      expect((await stage.connections.history(ID, { limit: 1, before: null }))[0]).toMatchObject(entry);
    });

    test("keeps what is absent as absent", async () => {
      const stage = await openSuperseded(kind);
      const tokens = { ...tokenRecord(2, 1), sealedAccessToken: null, expiresAt: null, refreshExpiresAt: null };
      await stage.connections.setAside(ID, { ...tokens, rotatedAt: null }, null);
      expect((await stage.connections.spares(ID))[0]?.tokens).toEqual({ ...tokens, rotatedAt: null });
    });

    test("while the newest is rejected keeps the connection from being ended, until that was tried as well", async () => {
      const stage = await openSuperseded(kind);
      await stage.connections.setAside(ID, tokenRecord(2, 1), null);
      expect(await rejectNewest(stage)).toBe("superseded");
      const held = await stage.held(ID);
      expect(held.connection).toMatchObject({ status: "active", diagnosis: null });
      expect(held.lease).toMatchObject({ owner: null, attemptGeneration: null });
      expect(held.hasBetterSpare).toBe(true);
      const [spare] = await stage.connections.spares(ID);
      if (!spare) throw new Error("There is no spare.");
      await stage.connections.promote(spare, commitOf(ID, 3));
      expect(await rejectNewest(stage, 3)).toBe("ended");
    });

    test("gives the claim back if it is the last one", async () => {
      const stage = await openSuperseded(kind);
      const claim = await stage.claim(ID, { generation: 2 });
      await stage.connections.setAside(ID, tokenRecord(2, 1), claim);
      expect(await stage.lease(ID)).toEqual({ ...AT_REST, dueAt: 7, epoch: 2 });
    });

    test("leaves the claim of another", async () => {
      const stage = await openSuperseded(kind);
      const claim = await stage.claim(ID, { generation: 2 });
      await stage.claim(ID, { generation: 2, owner: "ins_b", gone: "ins_a" });
      const before = await stage.held(ID);
      await stage.connections.setAside(ID, tokenRecord(2, 1), claim);
      await stage.connections.setAside(ID, tokenRecord(2, 2), null);
      expect(await stage.held(ID)).toEqual(before);
      expect(await sealingsOf(stage)).toEqual([2, 1]);
    });

    test.each([
      ["is kept already", tokenRecord(2, 1)],
      ["is the newest", tokenRecord(2)],
      ["has no refresh token", { ...tokenRecord(2, 3), sealedRefreshToken: null }],
    ])("gives the claim back for a token set that %s, and keeps nothing more", async (_, tokens) => {
      const stage = await openSuperseded(kind);
      await stage.connections.setAside(ID, tokenRecord(2, 1), null);
      const kinds = await stage.kindsOf(ID);
      await stage.connections.setAside(ID, tokens, await stage.claim(ID, { generation: 2 }));
      expect(await sealingsOf(stage)).toEqual([1]);
      expect(await stage.kindsOf(ID)).toEqual(kinds);
      expect(await stage.lease(ID)).toEqual({ ...AT_REST, dueAt: 7, epoch: 2 });
    });

    test("keeps ten at the most, the latest", async () => {
      const stage = await openSuperseded(kind);
      await stage.create("con_2");
      await stage.connections.setAside("con_2", tokenRecord(1, 99), null);
      for (let sealing = 1; sealing <= 12; sealing++) {
        await stage.connections.setAside(ID, tokenRecord(2, sealing), null);
      }
      expect(await sealingsOf(stage)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
      expect(await sealingsOf(stage, "con_2")).toEqual([99]);
    });

    test("keeps what was not tried rather than what was", async () => {
      const stage = await openSuperseded(kind);
      for (let sealing = 1; sealing <= 9; sealing++) {
        await stage.connections.setAside(ID, tokenRecord(2, sealing), null);
      }
      const [spare] = await stage.connections.spares(ID);
      if (spare) await stage.connections.promote(spare, commitOf(ID, 3));
      for (const sealing of [10, 11, 12]) await stage.connections.setAside(ID, tokenRecord(3, sealing), null);
      expect(await sealingsOf(stage)).toEqual([12, 11, 10, 8, 7, 6, 5, 4, 3, 2]);
      await stage.clock.advance(HOUR);
      expect(await sealingsOf(stage)).toHaveLength(10);
    });

    test("keeps nothing from before a new consent", async () => {
      const stage = await openSuperseded(kind);
      await stage.connections.setAside(ID, tokenRecord(1, 1), null);
      expect(await sealingsOf(stage)).toEqual([1]);
      await stage.connections.reauthorize(commitOf(ID, 3), (await stage.held(ID)).connection);
      await stage.connections.setAside(ID, tokenRecord(2, 2), null);
      expect(await stage.connections.spares(ID)).toEqual([]);
      await stage.connections.setAside(ID, tokenRecord(3, 3), null);
      expect(await sealingsOf(stage)).toEqual([3]);
    });

    test("keeps nothing for a connection that was disconnected, or is not there", async () => {
      const stage = await openSuperseded(kind);
      await stage.connections.setAside(ID, tokenRecord(2, 1), null);
      await stage.connections.disconnect(ID, { kind: "disconnected", generation: 2, detail: {} });
      const kinds = await stage.kindsOf(ID);
      await stage.connections.setAside(ID, tokenRecord(3, 2), null);
      await stage.connections.setAside("con_none", tokenRecord(3, 2), null);
      expect(await stage.connections.spares(ID)).toEqual([]);
      expect(await stage.kindsOf(ID)).toEqual(kinds);
    });

    test("keeps one for a connection that waits for its user: it is due again, because this one was not rejected", async () => {
      const stage = await openSuperseded(kind);
      await rejectNewest(stage);
      await stage.clock.advance(5000);
      await stage.connections.setAside(ID, tokenRecord(2, 1), null);
      expect(await sealingsOf(stage)).toEqual([1]);
      const now = stage.clock.now();
      const diagnosis = { cause: "rotation_lost", confidence: "likely", evidence: {} };
      expect(await stage.held(ID)).toMatchObject({
        connection: { status: "degraded", diagnosis, statusSince: now },
        lease: { dueAt: now, backoffUntil: 0, owner: null },
        hasBetterSpare: true,
      });
      expect((await stage.kindsOf(ID)).slice(-3)).toEqual(["reauthorization_required", "superseded", "degraded"]);
    });
  });

  describe(`a spare on ${kind.name} is better than the newest token set`, () => {
    const rotated = { obtainedAt: 7000, rotatedAt: 7000 };
    const renewed = { ...commitOf(ID, 2), tokens: { ...tokenRecord(2), obtainedAt: 8000, rotatedAt: 1000 } };

    test("when that was rejected, until it is tried", async () => {
      const stage = await openSuperseded(kind);
      await stage.connections.setAside(ID, tokenRecord(2, 1), null);
      expect(await better(stage)).toBe(false);
      await rejectNewest(stage);
      expect(await better(stage)).toBe(true);
      const [spare] = await stage.connections.spares(ID);
      if (spare) await stage.connections.promote(spare, commitOf(ID, 3));
      expect(await better(stage)).toBe(false);
    });

    test("when it rotated and that did not, from the same refresh token", async () => {
      const stage = await openAfter(kind, renewed);
      await stage.connections.setAside(ID, { ...tokenRecord(2, 1), ...rotated }, null);
      expect(await better(stage)).toBe(true);
    });

    test.each([
      ["it did not rotate either", renewed, { obtainedAt: 7000, rotatedAt: 1000 }],
      ["it is of an earlier generation", renewed, { ...rotated, generation: 1 }],
      ["both rotated", { ...renewed, tokens: { ...tokenRecord(2), obtainedAt: 8000, rotatedAt: 8000 } }, rotated],
      ["a person consented since", { ...renewed, tokens: { ...renewed.tokens, origin: "connect" as const } }, rotated],
    ])("not when %s", async (_, commit, spare) => {
      const stage = await openAfter(kind, commit);
      await stage.connections.setAside(ID, { ...tokenRecord(2, 1), ...spare }, null);
      expect(await better(stage)).toBe(false);
    });
  });

  describe(`spares on ${kind.name}`, () => {
    test("of earlier generations go when a person consents anew", async () => {
      const stage = await openWithGenerations(kind);
      await stage.connections.reauthorize(commitOf(ID, 3), (await stage.held(ID)).connection);
      expect(await sealingsOf(stage)).toEqual([3]);
      expect(await sealingsOf(stage, "con_2")).toEqual([9]);
    });

    test.each<[string, (stage: StoreStage) => Promise<unknown>]>([
      [
        "a refresh works",
        async (stage) => {
          return stage.connections.commit(commitOf(ID, 3), await stage.claim(ID, { generation: 2 }));
        },
      ],
      ["a token set is recovered", (stage) => stage.connections.recover(commitOf(ID, 3))],
    ])("stay when %s: what another answer brought may live on beside it", async (_, happen) => {
      const stage = await openWithGenerations(kind);
      await happen(stage);
      expect((await stage.held(ID)).tokens).toEqual(tokenRecord(3));
      expect(await sealingsOf(stage)).toEqual([2, 3]);
    });

    test("that were tried in vain go when a refresh works", async () => {
      const stage = await openWithSpares(kind);
      await stage.connections.promote(stage.spare, commitOf(ID, 3));
      await stage.connections.commit(commitOf(ID, 4), await stage.claim(ID, { generation: 3 }));
      await stage.clock.advance(HOUR);
      expect(await sealingsOf(stage)).toEqual([1]);
    });

    test("stay when a commit is superseded", async () => {
      const stage = await openWithGenerations(kind);
      await stage.connections.recover({ ...commitOf(ID, 2), tokens: tokenRecord(2, 7) });
      expect(await sealingsOf(stage)).toEqual([2, 3]);
    });
  });
}
