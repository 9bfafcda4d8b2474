import { describe, expect, test } from "vitest";
import type { DatabaseKind } from "../stage/databases.ts";
import { AT_REST, commitOf, openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";

const ID = "con_1";

async function openWithConnection(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.create(ID);
  await stage.clock.advance(5000);
  return stage;
}

function recovery(generation: number, sealing = 0) {
  const history = [{ kind: "recovered_from_journal", generation, detail: {} } as const];
  return { ...commitOf(ID, generation), tokens: tokenRecord(generation, sealing), history };
}

/** What every database has to make of a token set from a journal. */
export function connectionRecoveryContract(kind: DatabaseKind): void {
  describe(`recovering on ${kind.name}`, () => {
    test("replaces the token set as a commit does, whoever has claimed", async () => {
      const stage = await openWithConnection(kind);
      const before = await stage.held(ID);
      await stage.beat("ins_b");
      await stage.claim(ID, { owner: "ins_b" });
      expect(await stage.connections.recover(recovery(2))).toEqual({ kind: "committed", was: "active" });
      const { scope: grantedScopes } = tokenRecord(2);
      expect(await stage.held(ID)).toEqual({
        connection: { ...before.connection, grantedScopes, lastProvenAt: stage.clock.now() },
        tokens: tokenRecord(2),
        lease: { ...AT_REST, epoch: 1, dueAt: 7 },
        hasBetterSpare: false,
        clientProbeAt: null,
      });
      expect(await stage.kindsOf(ID)).toEqual(["connected", "recovered_from_journal"]);
    });

    test("passes over the generations that the database has lost", async () => {
      const stage = await openWithConnection(kind);
      expect(await stage.connections.recover(recovery(5))).toMatchObject({ kind: "committed" });
      expect((await stage.held(ID)).tokens).toEqual(tokenRecord(5));
      expect(await stage.claim(ID, { generation: 5 })).toMatchObject({ generation: 5 });
    });

    test.each([1, 2, 3])("never goes back: generation %d is superseded by the third", async (generation) => {
      const stage = await openWithConnection(kind);
      await stage.connections.recover(recovery(3));
      const before = await stage.held(ID);
      expect(await stage.connections.recover(recovery(generation, 1))).toEqual({ kind: "superseded" });
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.kindsOf(ID)).toEqual(["connected", "recovered_from_journal"]);
    });

    test("what is stored already is committed, and changes nothing", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.recover(recovery(2));
      await stage.claim(ID, { generation: 2 });
      await stage.clock.advance(1000);
      const before = await stage.held(ID);
      expect(await stage.connections.recover(recovery(2))).toEqual({ kind: "committed", was: "active" });
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.kindsOf(ID)).toEqual(["connected", "recovered_from_journal"]);
    });

    test("brings a connection back that was ended", async () => {
      const stage = await openWithConnection(kind);
      const status = "reauthorization_required";
      const history = { kind: status, generation: 1, detail: {} } as const;
      await stage.connections.setStatus({ connectionId: ID, generation: 1, status, diagnosis: null, history });
      expect(await stage.connections.recover(recovery(3))).toEqual({ kind: "committed", was: status });
      const { connection, lease } = await stage.held(ID);
      expect(connection).toMatchObject({ status: "active", diagnosis: null, statusSince: stage.clock.now() });
      expect(lease.dueAt).toBe(7);
      const entries = await stage.connections.history(ID, { limit: 2, before: null });
      expect(entries).toMatchObject([
        { kind: "recovered", generation: 3 },
        { kind: "recovered_from_journal", generation: 3 },
      ]);
    });

    test.each([2, 3, 9])("leaves a disconnected one as it is, whatever generation %d holds", async (generation) => {
      const stage = await openWithConnection(kind);
      await stage.connections.disconnect(ID, { kind: "disconnected", generation: 1, detail: {} });
      const before = await stage.held(ID);
      expect(await stage.connections.recover(recovery(generation))).toEqual({ kind: "superseded" });
      expect(await stage.held(ID)).toEqual(before);
    });

    test("of a connection that is not there is superseded", async () => {
      const stage = await openWithConnection(kind);
      const commit = { ...recovery(2), connectionId: "con_none" };
      expect(await stage.connections.recover(commit)).toEqual({ kind: "superseded" });
    });
  });
}
