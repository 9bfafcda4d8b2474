import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { ConnectionStatus } from "../../src/connection/connection.ts";
import { MINUTE } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { AT_REST, commitOf, openStoreStage, rotationOf, tokenRecord, type StoreStage } from "../stage/store-stage.ts";

const ID = "con_1";
const OUTAGE: Diagnosis = { cause: "provider_unavailable", confidence: "certain", evidence: {} };

/** A connection that `ins_a` claimed, and some time after that. */
async function openClaimed(kind: DatabaseKind, status: ConnectionStatus = "active") {
  const stage = await openStoreStage(kind);
  await stage.create(ID, { status, diagnosis: status === "active" ? null : OUTAGE });
  const first = await stage.claim(ID);
  await stage.clock.advance(5000);
  return { ...stage, first };
}

const BY_ANOTHER = { owner: "ins_b", gone: "ins_a" };

function end({ connections }: StoreStage): Promise<unknown> {
  const status = "reauthorization_required";
  const history = { kind: status, generation: 1, detail: {} } as const;
  return connections.setStatus({ connectionId: ID, generation: 1, status, diagnosis: OUTAGE, history });
}

/** What every database has to make of a token set that was received. */
export function connectionCommitsContract(kind: DatabaseKind): void {
  describe(`committing on ${kind.name}`, () => {
    test("replaces the token set, gives the claim back and proves the connection", async () => {
      const stage = await openClaimed(kind);
      const before = await stage.held(ID);
      const committed = { kind: "committed", was: "active" };
      expect(await stage.connections.commit(commitOf(ID, 2), stage.first)).toEqual(committed);
      const { scope: grantedScopes } = tokenRecord(2);
      expect(await stage.held(ID)).toEqual({
        connection: { ...before.connection, grantedScopes, lastProvenAt: stage.clock.now() },
        tokens: tokenRecord(2),
        lease: { ...AT_REST, epoch: 1, dueAt: 7 },
        hasBetterSpare: false,
        clientProbeAt: null,
      });
      expect(await stage.kindsOf(ID)).toEqual(["connected", "refreshed"]);
    });

    test("stores what is absent as absent, and what is never due as that", async () => {
      const stage = await openClaimed(kind);
      const nothing = { sealedAccessToken: null, sealedRefreshToken: null, expiresAt: null, refreshExpiresAt: null };
      const tokens = { ...tokenRecord(2), ...nothing, rotatedAt: null };
      await stage.connections.commit({ ...commitOf(ID, 2, null), tokens }, stage.first);
      expect(await stage.held(ID)).toMatchObject({ tokens, lease: { dueAt: null } });
    });

    test("writes every entry of its history, in order", async () => {
      const stage = await openClaimed(kind);
      const history = [
        { kind: "refreshed", generation: 2, detail: { n: 1 } },
        { kind: "superseded", generation: 2, detail: { n: 2 } },
      ] as const;
      await stage.connections.commit({ ...commitOf(ID, 2), history }, stage.first);
      const entries = await stage.connections.history(ID, { limit: 2, before: null });
      expect(entries).toMatchObject(history.toReversed());
    });

    test("ends every failure, and every earlier send without an answer", async () => {
      const stage = await openClaimed(kind);
      const failed = { answered: false, backoffMs: 0, diagnosis: OUTAGE, degrade: false, history: null };
      await stage.connections.postpone({ claim: stage.first, ...failed });
      await stage.connections.commit(commitOf(ID, 2), await stage.claim(ID));
      expect(await stage.lease(ID)).toEqual({ ...AT_REST, epoch: 2, dueAt: 7 });
    });

    test("touches no other connection", async () => {
      const stage = await openClaimed(kind);
      await stage.create("con_2", { status: "degraded" });
      const before = await stage.held("con_2");
      await stage.connections.commit(commitOf(ID, 2), stage.first);
      expect(await stage.held("con_2")).toEqual(before);
      expect(await stage.kindsOf("con_2")).toEqual(["connected"]);
    });

    test("the first generation over the first is superseded and changes nothing", async () => {
      const stage = await openClaimed(kind);
      const before = await stage.held(ID);
      const commit = { ...commitOf(ID, 1), tokens: tokenRecord(1, 1) };
      expect(await stage.connections.commit(commit, stage.first)).toEqual({ kind: "superseded" });
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.kindsOf(ID)).toEqual(["connected"]);
    });

    test("a later generation than the next is taken, because the database lost those between", async () => {
      const stage = await openClaimed(kind);
      expect(await stage.connections.commit(commitOf(ID, 4), stage.first)).toEqual({
        kind: "committed",
        was: "active",
      });
      expect((await stage.held(ID)).tokens).toEqual(tokenRecord(4));
      for (const generation of [2, 3]) {
        expect(await stage.connections.commit(commitOf(ID, generation), stage.first)).toEqual({ kind: "superseded" });
      }
    });

    test("for a connection that is not there is superseded", async () => {
      const stage = await openClaimed(kind);
      expect(await stage.connections.commit(commitOf("con_none", 2), stage.first)).toEqual({ kind: "superseded" });
    });

    test.each([2, 3])("generation %d over a disconnected first one is superseded", async (generation) => {
      const stage = await openClaimed(kind);
      await stage.connections.disconnect(ID, { kind: "disconnected", generation: 1, detail: {} });
      const before = await stage.held(ID);
      expect(await stage.connections.commit(commitOf(ID, generation), stage.first)).toEqual({ kind: "superseded" });
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.kindsOf(ID)).toEqual(["connected", "disconnected"]);
    });

    test("takes nothing back when a part of it is not taken", async () => {
      const stage = await openClaimed(kind);
      const before = await stage.held(ID);
      const broken = {
        ...commitOf(ID, 2),
        history: [{ kind: "refreshed", generation: Number.NaN, detail: {} } as const],
      };
      await expect(stage.connections.commit(broken, stage.first)).rejects.toThrow(/.+/);
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.connections.commit(commitOf(ID, 2), stage.first)).toMatchObject({ kind: "committed" });
    });
  });

  describe(`committing a token set that works on ${kind.name}`, () => {
    test("ends what was degraded, and notes since when", async () => {
      const stage = await openClaimed(kind, "degraded");
      const committed = { kind: "committed", was: "degraded" };
      expect(await stage.connections.commit(commitOf(ID, 2), stage.first)).toEqual(committed);
      const well = { status: "active", diagnosis: null, statusSince: stage.clock.now() };
      expect((await stage.held(ID)).connection).toMatchObject(well);
      expect(await stage.connections.history(ID, { limit: 2, before: null })).toMatchObject([
        { kind: "recovered", generation: 2, detail: {} },
        { kind: "refreshed" },
      ]);
    });

    test("brings a connection back that was ended while it was on its way", async () => {
      const stage = await openClaimed(kind);
      await end(stage);
      await stage.clock.advance(1000);
      const committed = { kind: "committed", was: "reauthorization_required" };
      expect(await stage.connections.commit(commitOf(ID, 2), stage.first)).toEqual(committed);
      expect(await stage.held(ID)).toMatchObject({
        connection: { status: "active", diagnosis: null, statusSince: stage.clock.now() },
        lease: { dueAt: 7 },
      });
      const kinds = ["connected", "reauthorization_required", "refreshed", "recovered"];
      expect(await stage.kindsOf(ID)).toEqual(kinds);
    });
  });

  describe(`a winner that comes late on ${kind.name}`, () => {
    test("wins though another has claimed since, who goes on holding the lease with nothing unresolved", async () => {
      const stage = await openClaimed(kind);
      const { epoch } = await stage.claim(ID, BY_ANOTHER);
      const leaseUntil = stage.clock.now() + MINUTE;
      const commit = rotationOf(ID, 2);
      expect(await stage.connections.commit(commit, stage.first)).toMatchObject({ kind: "committed" });
      const kept = { owner: "ins_b", leaseUntil, epoch };
      expect(await stage.held(ID)).toMatchObject({
        tokens: commit.tokens,
        lease: { ...AT_REST, ...kept, dueAt: 7 },
      });
    });

    test("leaves the send of another unanswered when it leaves the refresh token as it is", async () => {
      const stage = await openClaimed(kind);
      await stage.claim(ID, BY_ANOTHER);
      await stage.connections.commit(commitOf(ID, 2), stage.first);
      expect(await stage.lease(ID)).toMatchObject({ owner: "ins_b", attemptGeneration: 2, unanswered: 1 });
      const spare = { ...tokenRecord(2, 1), rotatedAt: tokenRecord(2).obtainedAt };
      const { lease } = await stage.held(ID);
      const claim = { ...stage.first, owner: "ins_b", epoch: lease.epoch };
      await stage.connections.setAside(ID, spare, claim);
      expect(await stage.lease(ID)).toMatchObject({ owner: null, attemptGeneration: null, unanswered: 0 });
    });

    test("is not taken for the end of a claim that was given with the same number after a failover", async () => {
      const stage = await openClaimed(kind);
      const { epoch } = await stage.claim(ID, BY_ANOTHER);
      await stage.connections.commit(rotationOf(ID, 2), { ...stage.first, epoch });
      expect((await stage.lease(ID)).owner).toBe("ins_b");
    });

    test("wins though another has claimed and failed since", async () => {
      const stage = await openClaimed(kind);
      const claim = await stage.claim(ID, BY_ANOTHER);
      await stage.connections.release({ claim, answered: false });
      expect(await stage.connections.commit(commitOf(ID, 2), stage.first)).toMatchObject({ kind: "committed" });
      expect(await stage.lease(ID)).toEqual({ ...AT_REST, epoch: 2, dueAt: 7 });
    });

    test("loses to another who has committed since", async () => {
      const stage = await openClaimed(kind);
      const commit = { ...commitOf(ID, 2), tokens: tokenRecord(2, 1) };
      await stage.connections.commit(commit, await stage.claim(ID, BY_ANOTHER));
      const before = await stage.held(ID);
      expect(await stage.connections.commit(commitOf(ID, 2), stage.first)).toEqual({ kind: "superseded" });
      expect(await stage.held(ID)).toEqual(before);
    });
  });

  describe(`a commit whose answer was lost on ${kind.name}`, () => {
    test("is committed when it is repeated, and changes nothing any more", async () => {
      const stage = await openClaimed(kind, "degraded");
      await stage.connections.commit(commitOf(ID, 2), stage.first);
      await stage.claim(ID, { generation: 2 });
      await stage.clock.advance(1000);
      const before = await stage.held(ID);
      const kinds = await stage.kindsOf(ID);
      const committed = { kind: "committed", was: "active" };
      expect(await stage.connections.commit(commitOf(ID, 2, 9), stage.first)).toEqual(committed);
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.kindsOf(ID)).toEqual(kinds);
    });

    test.each([
      ["access token", { sealedAccessToken: Buffer.of(9) }],
      ["access token, where there was one", { sealedAccessToken: null }],
      ["refresh token", { sealedRefreshToken: Buffer.of(9) }],
      ["refresh token, where there was one", { sealedRefreshToken: null }],
    ])("is another one when it has another %s", async (_, other) => {
      const stage = await openClaimed(kind);
      await stage.connections.commit(commitOf(ID, 2), stage.first);
      const before = await stage.held(ID);
      const commit = { ...commitOf(ID, 2), tokens: { ...tokenRecord(2), ...other } };
      expect(await stage.connections.commit(commit, stage.first)).toEqual({ kind: "superseded" });
      expect(await stage.held(ID)).toEqual(before);
    });

    test("is committed when it is repeated without an access or a refresh token", async () => {
      const stage = await openClaimed(kind);
      const tokens = { ...tokenRecord(2), sealedAccessToken: null, sealedRefreshToken: null };
      await stage.connections.commit({ ...commitOf(ID, 2), tokens }, stage.first);
      const result = await stage.connections.commit({ ...commitOf(ID, 2), tokens }, stage.first);
      expect(result).toMatchObject({ kind: "committed" });
      expect(await stage.kindsOf(ID)).toEqual(["connected", "refreshed"]);
    });

    test("is another one when it has the same bytes for the next generation", async () => {
      const stage = await openClaimed(kind);
      await stage.connections.commit(commitOf(ID, 2), stage.first);
      const tokens = { ...tokenRecord(2), generation: 3 };
      await stage.connections.commit({ ...commitOf(ID, 3), tokens }, await stage.claim(ID, { generation: 2 }));
      expect((await stage.held(ID)).tokens).toEqual(tokens);
      const again = { ...commitOf(ID, 2), tokens: { ...tokens, generation: 2 } };
      expect(await stage.connections.commit(again, stage.first)).toEqual({ kind: "superseded" });
    });

    test("is superseded when its successor is stored already", async () => {
      const stage = await openClaimed(kind);
      await stage.connections.commit(commitOf(ID, 2), stage.first);
      await stage.connections.commit(commitOf(ID, 3), await stage.claim(ID, { generation: 2 }));
      expect(await stage.connections.commit(commitOf(ID, 2), stage.first)).toEqual({ kind: "superseded" });
      expect((await stage.held(ID)).tokens).toEqual(tokenRecord(3));
    });
  });
}
