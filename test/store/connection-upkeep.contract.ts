import { describe, expect, test } from "vitest";
import { DAY } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, openStoreStage, tokenRecord } from "../stage/store-stage.ts";

/** What every database has to make of what is noted about a connection beside its refreshes. */
export function connectionUpkeepContract(kind: DatabaseKind): void {
  describe(`what is noted about a connection on ${kind.name}`, () => {
    test("labels are replaced as a whole, and nothing else is", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1", { labels: { old: "1", both: "1" } });
      const before = await stage.held("con_1");
      await stage.connections.setLabels("con_1", { both: "2" });
      const labels = { both: "2" };
      expect(await stage.held("con_1")).toEqual({ ...before, connection: { ...before.connection, labels } });
    });

    test.each(["eager", "on_demand", "adaptive"] as const)(
      "its policy becomes %s, and so does when it is due",
      async (policy) => {
        const stage = await openStoreStage(kind);
        await stage.create("con_1", { policy: policy === "adaptive" ? "eager" : "adaptive" });
        await stage.create("con_2");
        const [before, other] = [await stage.held("con_1"), await stage.held("con_2")];
        for (const dueAt of [null, 12_345]) {
          await stage.connections.setPolicy("con_1", policy, dueAt);
          expect(await stage.held("con_1")).toEqual({
            ...before,
            connection: { ...before.connection, policy },
            lease: { ...before.lease, dueAt },
          });
        }
        expect(await stage.held("con_2")).toEqual(other);
      },
    );

    test("what is over gets a policy, and is not due by it", async () => {
      const stage = await openStoreStage(kind);
      for (const id of ["con_1", "con_2"]) await stage.create(id);
      await stage.connections.disconnect("con_1", { kind: "disconnected", generation: 1, detail: {} });
      const status = "reauthorization_required";
      const history = { kind: status, generation: 1, detail: {} } as const;
      await stage.connections.setStatus({ connectionId: "con_2", generation: 1, status, diagnosis: null, history });
      for (const id of ["con_1", "con_2", "con_none"]) await stage.connections.setPolicy(id, "eager", 1);
      for (const id of ["con_1", "con_2"]) {
        expect(await stage.held(id)).toMatchObject({ connection: { policy: "eager" }, lease: { dueAt: null } });
      }
    });

    test("a proof notes its time, and nothing else", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1");
      const before = await stage.held("con_1");
      await stage.clock.advance(1234);
      await stage.connections.markProven("con_1");
      const lastProvenAt = stage.clock.now();
      expect(await stage.held("con_1")).toEqual({ ...before, connection: { ...before.connection, lastProvenAt } });
    });

    test("reads of many note their time, and nothing else", async () => {
      const stage = await openStoreStage(kind);
      for (const id of ["con_1", "con_2", "con_3"]) await stage.create(id);
      const before = await stage.held("con_1");
      await stage.clock.advance(1234);
      await stage.connections.markRead(["con_1", "con_3", "con_none"]);
      const lastReadAt = stage.clock.now();
      expect(await stage.held("con_1")).toEqual({ ...before, connection: { ...before.connection, lastReadAt } });
      expect((await stage.held("con_2")).connection.lastReadAt).toBeNull();
      expect((await stage.held("con_3")).connection.lastReadAt).toBe(lastReadAt);
    });

    test("reads of none note nothing", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1");
      await stage.connections.markRead([]);
      expect((await stage.held("con_1")).connection.lastReadAt).toBeNull();
    });

    test("a new token set takes nothing of that away", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1", { labels: { a: "b" }, policy: "eager" });
      await stage.connections.markRead(["con_1"]);
      await stage.connections.commit(commitOf("con_1", 2), await stage.claim("con_1"));
      const kept = { labels: { a: "b" }, policy: "eager", lastReadAt: stage.clock.now() };
      expect((await stage.held("con_1")).connection).toMatchObject(kept);
    });
  });

  describe(`pruning on ${kind.name}`, () => {
    test("deletes old refreshes, and keeps what a person needs to understand the connection", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1", { status: "degraded" });
      await stage.connections.commit(commitOf("con_1", 2), await stage.claim("con_1"));
      await stage.clock.advance(DAY);
      await stage.connections.commit(commitOf("con_1", 3), await stage.claim("con_1", { generation: 2 }));
      await stage.connections.prune(stage.clock.now() - DAY);
      expect(await stage.kindsOf("con_1")).toEqual(["connected", "refreshed", "recovered", "refreshed"]);
      await stage.connections.prune(stage.clock.now() - DAY + 1);
      expect(await stage.kindsOf("con_1")).toEqual(["connected", "recovered", "refreshed"]);
    });

    test("deletes old spares", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1");
      await stage.connections.setAside("con_1", tokenRecord(1, 1), null);
      await stage.clock.advance(DAY);
      await stage.connections.setAside("con_1", tokenRecord(1, 2), null);
      await stage.connections.prune(stage.clock.now() - DAY);
      expect(await stage.connections.spares("con_1")).toHaveLength(2);
      await stage.connections.prune(stage.clock.now() - DAY + 1);
      expect(await stage.connections.spares("con_1")).toMatchObject([{ tokens: tokenRecord(1, 2) }]);
    });

    test("keeps every connection and its newest token set, however old", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1");
      const before = await stage.held("con_1");
      await stage.clock.advance(1000 * DAY);
      await stage.connections.prune(stage.clock.now());
      expect(await stage.held("con_1")).toEqual(before);
    });
  });
}
