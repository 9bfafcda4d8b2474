import { describe, expect, test } from "vitest";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { AT_REST, commitOf, tokenRecord } from "../stage/store-stage.ts";
import { ID, openWithSpares, sealingsOf } from "./spare-stage.ts";

/** What every database has to make of a spare that becomes the newest. */
export function connectionPromotionContract(kind: DatabaseKind): void {
  describe(`promoting a spare on ${kind.name}`, () => {
    test("makes it the newest under a new generation, and spends it; nothing else is known of it yet", async () => {
      const stage = await openWithSpares(kind);
      const before = await stage.held(ID);
      await stage.claim(ID, { generation: 2 });
      const history = [{ kind: "spare_promoted", generation: 3, detail: {} } as const];
      const result = await stage.connections.promote(stage.spare, { ...commitOf(ID, 3, 8), history });
      expect(result).toEqual({ kind: "committed", was: "active" });
      expect(await stage.held(ID)).toEqual({
        ...before,
        tokens: tokenRecord(3),
        lease: { ...AT_REST, epoch: 2, dueAt: 8 },
      });
      expect(await sealingsOf(stage)).toEqual([1]);
      expect((await stage.kindsOf(ID)).slice(-2)).toEqual(["superseded", "spare_promoted"]);
    });

    test("sets aside what it replaces, to be tried again after a while", async () => {
      const stage = await openWithSpares(kind);
      await stage.connections.promote(stage.spare, commitOf(ID, 3));
      await stage.clock.advance(10 * MINUTE);
      expect(await sealingsOf(stage)).toEqual([1]);
      await stage.clock.advance(1);
      const [first, ...others] = await stage.connections.spares(ID);
      expect(first?.tokens).toEqual(tokenRecord(2));
      expect(others.map(({ tokens }) => tokens)).toEqual([tokenRecord(2, 1)]);
      await stage.connections.setAside(ID, tokenRecord(2), null);
      expect(await stage.connections.spares(ID)).toHaveLength(2);
    });

    test("keeps the failures that led to it", async () => {
      const stage = await openWithSpares(kind);
      await stage.connections.postpone({
        claim: await stage.claim(ID, { generation: 2 }),
        answered: false,
        backoffMs: 0,
        diagnosis: { cause: "provider_unavailable", confidence: "certain", evidence: {} },
        degrade: true,
        history: null,
      });
      const { connection } = await stage.held(ID);
      expect(await stage.connections.promote(stage.spare, commitOf(ID, 3))).toMatchObject({ was: "degraded" });
      const failed = { failures: 1, cause: "provider_unavailable", backoffUntil: stage.clock.now() };
      expect(await stage.held(ID)).toMatchObject({ connection, lease: { ...AT_REST, ...failed, dueAt: 7 } });
    });

    test.each([2, 4])("as generation %d after the second is superseded, and the spare stays", async (generation) => {
      const stage = await openWithSpares(kind);
      const before = await stage.held(ID);
      const commit = { ...commitOf(ID, generation), tokens: tokenRecord(generation, 7) };
      expect(await stage.connections.promote(stage.spare, commit)).toEqual({ kind: "superseded" });
      expect(await stage.held(ID)).toEqual(before);
      expect(await sealingsOf(stage)).toEqual([2, 1]);
    });

    test("twice, because its answer was lost, does it once", async () => {
      const stage = await openWithSpares(kind);
      await stage.connections.promote(stage.spare, commitOf(ID, 3));
      const before = await stage.held(ID);
      const again = await stage.connections.promote(stage.spare, commitOf(ID, 3));
      expect(again).toEqual({ kind: "committed", was: "active" });
      expect(await stage.held(ID)).toEqual(before);
      await stage.clock.advance(HOUR);
      expect(await sealingsOf(stage)).toEqual([0, 1]);
    });

    test("of a connection that was ended meanwhile does not make it due", async () => {
      const stage = await openWithSpares(kind);
      const status = "reauthorization_required";
      const history = { kind: status, generation: 2, detail: {} } as const;
      await stage.connections.setStatus({ connectionId: ID, generation: 2, status, diagnosis: null, history });
      await stage.connections.promote(stage.spare, commitOf(ID, 3));
      expect(await stage.held(ID)).toMatchObject({ connection: { status }, lease: { dueAt: null } });
    });

    test.each([3, 4])("as generation %d of a connection that was disconnected is superseded", async (generation) => {
      const stage = await openWithSpares(kind);
      await stage.connections.disconnect(ID, { kind: "disconnected", generation: 2, detail: {} });
      const result = await stage.connections.promote(stage.spare, commitOf(ID, generation));
      expect(result).toEqual({ kind: "superseded" });
      expect((await stage.held(ID)).tokens).toMatchObject({ sealedRefreshToken: null, sealedAccessToken: null });
    });

    test("of a connection that is not there is superseded", async () => {
      const stage = await openWithSpares(kind);
      const result = await stage.connections.promote(stage.spare, commitOf("con_none", 1));
      expect(result).toEqual({ kind: "superseded" });
    });
  });
}
