import { describe, expect, test } from "vitest";
import { SILENCE } from "../../src/refresh/instances.ts";
import { DAY } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage, type StoreStage } from "../stage/store-stage.ts";

async function known({ database }: StoreStage) {
  return database.read((queries) =>
    queries.selectFrom("instances").select(["id", "started_at", "heartbeat_at"]).orderBy("id").execute(),
  );
}

/** What every database has to make of `InstanceStore`. */
export function instancesContract(kind: DatabaseKind): void {
  describe(`instances on ${kind.name}`, () => {
    test("are told the database's time and which start of it this is, the same to all", async () => {
      const stage = await openStoreStage(kind);
      const first = await stage.instances.beat("ins_a", 0);
      expect(first).toEqual({ now: stage.clock.now(), incarnation: expect.any(Number), living: 1 });
      expect(first.incarnation).toBeGreaterThan(0);
      await stage.clock.advance(1234);
      const second = await stage.instances.beat("ins_b", 0);
      expect(second).toEqual({ now: stage.clock.now(), incarnation: first.incarnation, living: 2 });
    });

    test("live until they have been silent for ten seconds", async () => {
      const stage = await openStoreStage(kind);
      await stage.instances.beat("ins_a", 0);
      await stage.clock.advance(1);
      await stage.instances.beat("ins_b", 0);
      await stage.clock.advance(SILENCE - 2);
      expect((await stage.instances.beat("ins_c", 0)).living).toBe(3);
      await stage.clock.advance(1);
      expect((await stage.instances.beat("ins_c", 0)).living).toBe(2);
      expect((await stage.instances.beat("ins_a", 0)).living).toBe(3);
      await stage.clock.advance(SILENCE);
      expect((await stage.instances.beat("ins_b", 0)).living).toBe(1);
    });

    test("keep when they started, and note each sign of life", async () => {
      const stage = await openStoreStage(kind);
      const startedAt = stage.clock.now();
      await stage.instances.beat("ins_a", 0);
      await stage.clock.advance(2000);
      await stage.instances.beat("ins_a", 0);
      const row = { id: "ins_a", started_at: startedAt, heartbeat_at: stage.clock.now() };
      expect(await known(stage)).toEqual([row]);
    });

    test("that leave are known no more, and the others stay", async () => {
      const stage = await openStoreStage(kind);
      await stage.instances.beat("ins_a", 0);
      await stage.instances.beat("ins_b", 0);
      await stage.instances.leave("ins_a");
      await stage.instances.leave("ins_none");
      expect((await known(stage)).map(({ id }) => id)).toEqual(["ins_b"]);
      expect((await stage.instances.beat("ins_b", 0)).living).toBe(1);
    });

    test("that ended without a word are forgotten after a day", async () => {
      const stage = await openStoreStage(kind);
      await stage.instances.beat("ins_a", 0);
      await stage.clock.advance(DAY);
      await stage.instances.beat("ins_b", 0);
      expect((await known(stage)).map(({ id }) => id)).toEqual(["ins_a", "ins_b"]);
      await stage.clock.advance(1);
      await stage.instances.beat("ins_b", 0);
      expect((await known(stage)).map(({ id }) => id)).toEqual(["ins_b"]);
    });

    test("may all give their signs of life at once", async () => {
      const stage = await openStoreStage(kind);
      const ids = Array.from({ length: 20 }, (_, i) => `ins_${i}`);
      await Promise.all([...ids, ...ids].map((id) => stage.instances.beat(id, 0)));
      expect((await stage.instances.beat("ins_0", 0)).living).toBe(20);
    });
  });
}
