import { describe, expect, test } from "vitest";
import { SILENCE } from "../../src/refresh/instances.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage } from "../stage/store-stage.ts";

/** Which claims every database takes for left behind. */
export function connectionOrphansContract(kind: DatabaseKind): void {
  describe(`orphans on ${kind.name}`, () => {
    test("are none while everything is free, or held by a living owner", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1", {}, { dueAt: 1 });
      await stage.create("con_2");
      await stage.beat("ins_a");
      await stage.claim("con_2");
      expect(await stage.connections.orphans(10)).toEqual([]);
    });

    test("are held by an owner from the moment on at which it counts as dead", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1");
      await stage.beat("ins_a");
      await stage.claim("con_1");
      await stage.clock.advance(SILENCE - 1);
      expect(await stage.connections.orphans(10)).toEqual([]);
      await stage.clock.advance(1);
      expect(await stage.connections.orphans(10)).toEqual(["con_1"]);
      await stage.beat("ins_a");
      expect(await stage.connections.orphans(10)).toEqual([]);
    });

    test("are held beyond their lease, though the owner lives", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1");
      await stage.claim("con_1", { leaseMs: SECOND });
      await stage.clock.advance(SECOND - 1);
      await stage.beat("ins_a");
      expect(await stage.connections.orphans(10)).toEqual([]);
      await stage.clock.advance(1);
      expect(await stage.connections.orphans(10)).toEqual(["con_1"]);
    });

    test("are held by an owner that nobody knows, or that has left", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1");
      await stage.create("con_2");
      await stage.claim("con_1");
      await stage.beat("ins_b");
      await stage.claim("con_2", { owner: "ins_b" });
      expect(await stage.connections.orphans(10)).toEqual(["con_1"]);
      await stage.instances.leave("ins_b");
      expect((await stage.connections.orphans(10)).toSorted()).toEqual(["con_1", "con_2"]);
    });

    test("come in the order in which their leases end, and no more than asked for", async () => {
      const stage = await openStoreStage(kind);
      const leases = { con_1: 3 * MINUTE, con_2: MINUTE, con_3: 2 * MINUTE };
      for (const [id, leaseMs] of Object.entries(leases)) {
        await stage.create(id);
        await stage.claim(id, { leaseMs });
      }
      expect(await stage.connections.orphans(10)).toEqual(["con_2", "con_3", "con_1"]);
      expect(await stage.connections.orphans(2)).toEqual(["con_2", "con_3"]);
    });

    test("are no more once they were given back, or taken over", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1");
      await stage.create("con_2");
      const claim = await stage.claim("con_1");
      await stage.claim("con_2");
      expect(await stage.connections.orphans(10)).toHaveLength(2);
      await stage.connections.release({ claim, answered: false });
      await stage.beat("ins_b");
      await stage.claim("con_2", { owner: "ins_b" });
      expect(await stage.connections.orphans(10)).toEqual([]);
    });
  });
}
