import { describe, expect, test } from "vitest";
import { DAY, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createRestoreStore } from "../../src/store/restores.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, openStoreStage, tokenRecord } from "../stage/store-stage.ts";
import { holdAll, open, openOlder } from "./restore-stage.ts";

/** What every database has to make of a restore. */
export function restoresContract(kind: DatabaseKind): void {
  describe(`the past on ${kind.name}`, () => {
    test("is not known before the first start", async () => {
      const { database } = await openStoreStage(kind);
      expect(await createRestoreStore(database).past()).toBeNull();
    });

    test("counts signs of life, and tells who lives", async () => {
      const stage = await open(kind);
      const { restores, clock } = stage;
      const nobody = {
        installation: "installation-1",
        clone: null,
        clonedAt: null,
        backupTakenAt: null,
        living: [],
        restore: null,
      };
      expect(await restores.past()).toEqual({ ...nobody, now: clock.now(), beats: 0, beatAt: null });
      await restores.follow(null);
      await stage.beat("ins_b");
      await clock.advance(1234);
      await stage.beat("ins_a");
      const past = { ...nobody, now: clock.now(), beats: 2, beatAt: clock.now(), living: ["ins_a", "ins_b"] };
      expect(await restores.follow(null)).toEqual(past);
      expect(await restores.past()).toEqual(past);
      await clock.advance(10 * SECOND - 1234);
      expect((await restores.past())?.living).toEqual(["ins_a"]);
    });

    test("counts each of many that come at once", async () => {
      const { restores } = await open(kind);
      const all = await Promise.all(Array.from({ length: 20 }, () => restores.follow(null)));
      expect(all.map(({ beats }) => beats).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
    });

    test("is as it was for who has seen no more of it", async () => {
      const { restores, clock } = await open(kind);
      const { beats, now: at } = await restores.follow(null);
      await clock.advance(DAY);
      expect(await restores.follow({ beats, at, forgivesMs: 0 })).toMatchObject({ beats: 2, restore: null });
    });

    test("went back for who has seen more, as of its own last sign of life, and everybody is told", async () => {
      const { restores, clock, followed, from } = await openOlder(kind);
      const restore = { at: clock.now(), from, pending: true };
      expect((await restores.follow(followed)).restore).toEqual(restore);
      await clock.advance(1);
      expect((await restores.follow(null)).restore).toEqual(restore);
      expect((await restores.past())?.restore).toEqual(restore);
    });

    test("went back no further than to when the copy was made", async () => {
      const { restores, database, followed, from } = await openOlder(kind);
      await database.write(async (queries) => {
        await queries
          .updateTable("installation")
          .set({ backup_taken_at: from + 77 })
          .execute();
      });
      expect((await restores.follow(followed)).restore).toMatchObject({ from: from + 77 });
    });

    test("went back to a time that nobody knows, where nobody had lived", async () => {
      const { restores, clock } = await open(kind);
      const followed = { beats: 1, at: clock.now(), forgivesMs: 0 };
      expect((await restores.follow(followed)).restore).toMatchObject({ from: 0, pending: true });
    });

    test("is not said to have gone back twice: who saw it before the restore learns of the restore", async () => {
      const { restores, clock, followed } = await openOlder(kind);
      const { restore } = await restores.follow(followed);
      await clock.advance(MINUTE);
      expect((await restores.follow({ ...followed, beats: 99 })).restore).toEqual(restore);
    });

    test("went back again for who has seen more after the restore", async () => {
      const stage = await openOlder(kind);
      const { restores, clock } = stage;
      const { now: from } = await restores.follow(stage.followed);
      await holdAll(stage);
      await clock.advance(MINUTE);
      const again = await restores.follow({ beats: 99, at: from + 1, forgivesMs: 0 });
      expect(again.restore).toEqual({ at: clock.now(), from, pending: true });
    });

    test("is marked once while connections are looked through, though a clock was set back", async () => {
      const { restores, clock, followed } = await openOlder(kind);
      const { restore } = await restores.follow(followed);
      expect((await restores.follow({ ...followed, beats: 99, at: clock.now() + DAY })).restore).toEqual(restore);
    });

    test("went back to a time that nobody knows, when it was used since it was put back", async () => {
      const { restores, clock, followed } = await openOlder(kind);
      await clock.advance(MINUTE);
      await restores.follow(null);
      expect((await restores.follow(followed)).restore).toMatchObject({ from: 0, pending: true });
    });

    test("is forgiven a failover, which loses little", async () => {
      const { restores, followed, from } = await openOlder(kind);
      const lost = followed.at - from;
      expect((await restores.follow({ ...followed, forgivesMs: lost + 1 })).restore).toBeNull();
    });

    test("is not forgiven what is no failover any more", async () => {
      const { restores, followed, from } = await openOlder(kind);
      expect((await restores.follow({ ...followed, forgivesMs: followed.at - from })).restore).not.toBeNull();
    });

    test("can be marked by hand", async () => {
      const { restores, clock } = await openOlder(kind);
      await restores.mark(77);
      expect((await restores.past())?.restore).toEqual({ at: clock.now(), from: 77, pending: true });
    });
  });

  describe(`a token set from a journal on ${kind.name}`, () => {
    test("from before the restore replaces what the backup had", async () => {
      const stage = await open(kind);
      await stage.create("con_1");
      await stage.restores.mark(0);
      expect(await stage.connections.recover(commitOf("con_1", 9))).toMatchObject({ kind: "committed" });
    });

    test("from before the restore does not replace what came after it, and is kept", async () => {
      const stage = await open(kind);
      await stage.restores.mark(0);
      await stage.create("con_1", {}, { tokens: { ...tokenRecord(1), obtainedAt: stage.clock.now() } });
      const late = commitOf("con_1", 9);
      expect(await stage.connections.recover(late)).toEqual({ kind: "superseded" });
      await stage.connections.setAside("con_1", late.tokens, null);
      expect(await stage.connections.spares("con_1")).toMatchObject([{ tokens: late.tokens }]);
    });

    test("from after the restore replaces whatever is older", async () => {
      const stage = await open(kind);
      await stage.restores.mark(0);
      const obtainedAt = stage.clock.now();
      await stage.create("con_1", {}, { tokens: { ...tokenRecord(1), obtainedAt } });
      const later = commitOf("con_1", 2);
      const commit = { ...later, tokens: { ...later.tokens, obtainedAt } };
      expect(await stage.connections.recover(commit)).toMatchObject({ kind: "committed" });
    });

    test("is brought for many at once, where it is newer", async () => {
      const stage = await open(kind);
      await stage.restores.mark(0);
      for (const id of ["con_1", "con_2", "con_3", "con_4"]) await stage.create(id);
      await stage.create("con_5", {}, { tokens: { ...tokenRecord(1), obtainedAt: stage.clock.now() } });
      await stage.connections.recover(commitOf("con_2", 3));
      await stage.connections.disconnect("con_3", { kind: "disconnected", generation: 1, detail: {} });
      await holdAll(stage);
      const ids = ["con_1", "con_2", "con_3", "con_4", "con_5", "con_none"];
      expect((await stage.restores.raise(ids.map((id) => commitOf(id, 3)))).toSorted()).toEqual(["con_1", "con_4"]);
      expect(await stage.held("con_1")).toMatchObject({
        connection: { status: "active", diagnosis: null },
        tokens: tokenRecord(3),
        lease: { dueAt: 7 },
      });
      expect((await stage.kindsOf("con_1")).slice(-2).toSorted()).toEqual(["recovered", "refreshed"]);
      expect(await stage.restores.raise([])).toEqual([]);
    });
  });
}
