import { array, assert, asyncProperty, integer, nat, record } from "fast-check";
import { expect, test } from "vitest";
import type { Claim } from "../../src/connection/claim.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { claimRequest, commitOf, dueRequest, openStoreStage } from "../stage/store-stage.ts";

const SWEEPERS = Array.from({ length: 12 }, (_, i) => `ins_${i}`);

const crowds = record({
  /** When each connection is due, from now. */
  offsets: array(integer({ min: -5, max: 2 }), { minLength: 1, maxLength: 30 }),
  /** How many each sweeper asks for. */
  limits: array(integer({ min: 1, max: 10 }), { minLength: 2, maxLength: SWEEPERS.length }),
  /** Which connections are read, by their number. */
  reads: array(nat(29), { maxLength: 8 }),
});

/** What every database has to make of many that want the same at once. */
export function connectionCrowdContract(kind: DatabaseKind): void {
  test(`sweeps and readers at once on ${kind.name} get each connection once, and leave none that is due`, async () => {
    const stage = await openStoreStage(kind);
    for (const owner of [...SWEEPERS, "ins_a", "ins_reader"]) await stage.beat(owner);
    let round = 0;

    async function sweep(owner: string, limit: number): Promise<Claim[]> {
      const claimed = await stage.connections.claimDue(dueRequest({ owner, limit }));
      expect(claimed.length).toBeLessThanOrEqual(limit);
      return claimed.map(({ claim }) => claim);
    }

    async function read(id: string): Promise<Claim[]> {
      const result = await stage.connections.claim(claimRequest(id, { owner: "ins_reader" }));
      return result.kind === "claimed" ? [result.claim] : [];
    }

    const property = asyncProperty(crowds, async ({ offsets, limits, reads }) => {
      round++;
      const ids = offsets.map((_, i) => `con_${round}_${i}`);
      const due = ids.filter((_, i) => (offsets[i] ?? 0) <= 0);
      for (const [i, id] of ids.entries()) {
        await stage.create(id, {}, { dueAt: stage.clock.now() + (offsets[i] ?? 0) });
      }
      const sweeps = limits.map((limit, i) => sweep(SWEEPERS[i] ?? "", limit));
      const readers = [...new Set(reads)].map((nth) => read(`con_${round}_${nth}`));
      const atOnce = await Promise.all([...sweeps, ...readers]);
      const claims = [...atOnce.flat(), ...(await sweep("ins_a", 100))];
      const claimed = claims.map(({ connectionId }) => connectionId);
      expect(new Set(claimed).size).toBe(claimed.length);
      expect(claimed.filter((id) => due.includes(id)).toSorted()).toEqual(due.toSorted());
      for (const { connectionId, owner, epoch } of claims) {
        expect(epoch).toBe(1);
        expect(await stage.lease(connectionId)).toMatchObject({ owner, epoch });
      }
      for (const id of ids) await stage.connections.disconnect(id, { kind: "disconnected", generation: 1, detail: {} });
    });
    await assert(property, { numRuns: 10 });
  });

  test(`claims of many at once on ${kind.name} are granted to one, which the others are told`, async () => {
    const stage = await openStoreStage(kind);
    await stage.create("con_1");
    for (const owner of SWEEPERS) await stage.beat(owner);
    const results = await Promise.all(
      SWEEPERS.map((owner) => stage.connections.claim(claimRequest("con_1", { owner }))),
    );
    const { owner, leaseUntil: until } = await stage.lease("con_1");
    const held = { kind: "held", owner, until };
    const claim = { connectionId: "con_1", generation: 1, owner, epoch: 1, earlier: null };
    const expected = SWEEPERS.map((each) => (each === owner ? { kind: "claimed", claim } : held));
    expect(results).toEqual(expected);
  });

  test(`commits of many at once on ${kind.name} let one win`, async () => {
    const stage = await openStoreStage(kind);
    await stage.create("con_1");
    const claim = await stage.claim("con_1");
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const commit = commitOf("con_1", 2, i);
        const tokens = { ...commit.tokens, sealedRefreshToken: Buffer.of(i) };
        return stage.connections.commit({ ...commit, tokens }, claim);
      }),
    );
    const won = results.flatMap(({ kind: result }, i) => (result === "committed" ? [i] : []));
    expect(won).toHaveLength(1);
    const { lease, tokens } = await stage.held("con_1");
    expect([lease.dueAt, tokens.sealedRefreshToken]).toEqual([won[0], Buffer.of(won[0] ?? -1)]);
    expect(await stage.kindsOf("con_1")).toEqual(["connected", "refreshed"]);
  });

  test(`whatever comes at once with a disconnection on ${kind.name}, the connection is over and holds no token`, async () => {
    const stage = await openStoreStage(kind);
    for (let i = 0; i < 10; i++) {
      const id = `con_${i}`;
      await stage.create(id, {}, { dueAt: 1 });
      const claim = await stage.claim(id);
      await Promise.all([
        stage.connections.setAside(id, { ...commitOf(id, 2).tokens, sealedRefreshToken: Buffer.of(9) }, claim),
        stage.connections.commit(commitOf(id, 2), claim),
        stage.connections.disconnect(id, { kind: "disconnected", generation: 1, detail: {} }),
        stage.connections.recover(commitOf(id, 2)),
        stage.connections.claimDue(dueRequest()),
      ]);
      expect(await stage.held(id)).toMatchObject({
        connection: { status: "disconnected" },
        tokens: { sealedAccessToken: null, sealedRefreshToken: null },
        lease: { dueAt: null, owner: null },
      });
      expect(await stage.connections.spares(id)).toEqual([]);
    }
  });
}
