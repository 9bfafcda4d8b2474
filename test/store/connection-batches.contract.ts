import { describe, expect, test } from "vitest";
import type { Commit } from "../../src/connection/store.ts";
import type { TokenRecord } from "../../src/connection/token-record.ts";
import { MINUTE } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { AT_REST, commitOf, openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";

/** Commits all of them at once, each under a new claim; the results in their order. */
async function commitAll(stage: StoreStage, commits: readonly Commit[]): Promise<PromiseSettledResult<unknown>[]> {
  const claim = { generation: 1, owner: "ins_a", epoch: 1, earlier: null };
  return Promise.allSettled(
    commits.map((commit) => stage.connections.commit(commit, { ...claim, connectionId: commit.connectionId })),
  );
}

function values(results: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return results.map((result) => (result.status === "fulfilled" ? result.value : "refused"));
}

const COMMITTED = { kind: "committed", was: "active" };
const SUPERSEDED = { kind: "superseded" };

/** What every database has to make of many commits at once, which may share a transaction. */
export function connectionBatchesContract(kind: DatabaseKind): void {
  describe(`many commits at once on ${kind.name}`, () => {
    test("are each stored whole, however they differ", async () => {
      const stage = await openStoreStage(kind);
      const nothing: Partial<TokenRecord> = {
        sealedAccessToken: null,
        sealedRefreshToken: null,
        expiresAt: null,
        refreshExpiresAt: null,
        rotatedAt: null,
      };
      const odd: Partial<TokenRecord> = {
        tokenType: 'it\'s "odd" ✂',
        scope: ["o'clock", "42", "null"],
        sealedRefreshToken: new Uint8Array([0, 255, 39]),
        obtainedAt: Number.MAX_SAFE_INTEGER,
      };
      const commits = Array.from({ length: 150 }, (_, i) => {
        const id = `con_${i}`;
        const differences = i % 3 === 0 ? nothing : i % 3 === 1 ? odd : {};
        return { ...commitOf(id, 2, i % 2 === 0 ? i : null), tokens: { ...tokenRecord(2, i), ...differences } };
      });
      for (const { connectionId } of commits) await stage.create(connectionId);
      expect(values(await commitAll(stage, commits))).toEqual(commits.map(() => COMMITTED));
      for (const { connectionId, tokens, dueAt } of commits) {
        const { tokens: stored, lease, connection } = await stage.held(connectionId);
        const sealedRefreshToken = tokens.sealedRefreshToken && Buffer.from(tokens.sealedRefreshToken);
        expect(stored).toEqual({ ...tokens, sealedRefreshToken });
        expect(lease).toEqual({ ...AT_REST, epoch: 0, dueAt });
        expect(connection).toMatchObject({ grantedScopes: tokens.scope, lastProvenAt: stage.clock.now() });
      }
    });

    test("have each its own result and its own history", async () => {
      const stage = await openStoreStage(kind);
      const ids = ["con_1", "con_2", "con_3", "con_4", "con_5"];
      for (const id of ids) await stage.create(id, { status: id === "con_2" ? "degraded" : "active" });
      await stage.connections.disconnect("con_3", { kind: "disconnected", generation: 1, detail: {} });
      await commitAll(stage, [commitOf("con_4", 2)]);
      await stage.clock.advance(1000);
      const others = [await stage.held("con_3"), await stage.held("con_4"), await stage.held("con_5")];
      const commits = [
        commitOf("con_none", 2),
        commitOf("con_1", 2),
        commitOf("con_2", 2),
        commitOf("con_3", 2),
        commitOf("con_4", 2),
        { ...commitOf("con_5", 1), tokens: tokenRecord(1, 1) },
      ];
      expect(values(await commitAll(stage, commits))).toEqual([
        SUPERSEDED,
        COMMITTED,
        { kind: "committed", was: "degraded" },
        SUPERSEDED,
        COMMITTED,
        SUPERSEDED,
      ]);
      expect([await stage.held("con_3"), await stage.held("con_4"), await stage.held("con_5")]).toEqual(others);
      expect(await stage.kindsOf("con_1")).toEqual(["connected", "refreshed"]);
      expect(await stage.kindsOf("con_2")).toEqual(["connected", "refreshed", "recovered"]);
      expect((await stage.held("con_1")).connection.statusSince).toBe(stage.clock.now() - 1000);
      expect((await stage.held("con_2")).connection.statusSince).toBe(stage.clock.now());
    });

    test("leave the lease of each to whom it belongs", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1");
      await stage.create("con_2");
      const late = await stage.claim("con_1");
      await stage.claim("con_1", { owner: "ins_b", gone: "ins_a" });
      const own = await stage.claim("con_2");
      const first = stage.connections.commit(commitOf("con_1", 2), late);
      await Promise.all([first, stage.connections.commit(commitOf("con_2", 2), own)]);
      const kept = { owner: "ins_b", leaseUntil: stage.clock.now() + MINUTE };
      expect(await stage.lease("con_1")).toMatchObject({ ...kept, dueAt: 7 });
      expect(await stage.lease("con_2")).toMatchObject({ owner: null, leaseUntil: 0, dueAt: 7 });
    });

    test("of one connection happen one after the other, in the order in which they came", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1");
      const other = { ...commitOf("con_1", 3), tokens: tokenRecord(3, 1) };
      const commits = [2, 3, 5, 4].map((generation) => commitOf("con_1", generation));
      const results = await commitAll(stage, [...commits.slice(0, 2), other, ...commits.slice(2)]);
      expect(values(results)).toEqual([COMMITTED, COMMITTED, SUPERSEDED, COMMITTED, SUPERSEDED]);
      expect((await stage.held("con_1")).tokens).toEqual(tokenRecord(5));
      expect(await stage.kindsOf("con_1")).toEqual(["connected", "refreshed", "refreshed", "refreshed"]);
    });

    test("are not held up by one that is not taken", async () => {
      const stage = await openStoreStage(kind);
      const ids = ["con_1", "con_2", "con_3", "con_4"];
      for (const id of ids) await stage.create(id);
      const before = await stage.held("con_3");
      const broken = [{ kind: "refreshed", generation: Number.NaN, detail: {} } as const];
      const commits = ids.map((id) => ({ ...commitOf(id, 2), ...(id === "con_3" && { history: broken }) }));
      expect(values(await commitAll(stage, commits))).toEqual([COMMITTED, COMMITTED, "refused", COMMITTED]);
      expect(await stage.held("con_3")).toEqual(before);
      for (const id of ["con_1", "con_2", "con_4"]) {
        expect((await stage.held(id)).tokens).toEqual(tokenRecord(2));
        expect(await stage.kindsOf(id)).toEqual(["connected", "refreshed"]);
      }
      expect(values(await commitAll(stage, [commitOf("con_3", 2)]))).toEqual([COMMITTED]);
    });

    test("drop the spares that are the newest by then, and no others", async () => {
      const stage = await openStoreStage(kind);
      const before = { con_1: 1, con_2: 2, con_3: 1 };
      for (const [id, generation] of Object.entries(before)) {
        await stage.create(id);
        await stage.connections.recover(commitOf(id, generation));
        for (const older of [1, 2]) await stage.connections.setAside(id, tokenRecord(older, 9), null);
        const next = {
          ...tokenRecord(generation + 1, 8),
          refreshTokenName: tokenRecord(generation + 1).refreshTokenName,
        };
        await stage.connections.setAside(id, next, null);
      }
      await commitAll(stage, [commitOf("con_1", 2), commitOf("con_2", 3)]);
      const kept: Record<string, number[]> = {};
      for (const id of Object.keys(before)) {
        kept[id] = (await stage.connections.spares(id)).map(({ tokens }) => tokens.generation);
      }
      expect(kept).toEqual({ con_1: [2, 1], con_2: [2, 1], con_3: [2, 2, 1] });
    });
  });
}
