import { describe, expect, test } from "vitest";
import type { Followed, Knowledge, RestoreStore } from "../../src/refresh/restores.ts";
import { DAY, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createRestoreStore } from "../../src/store/restores.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { clientAt } from "../stage/world.ts";
import { crowd } from "./crowd.ts";
import {
  claimRequest,
  commitOf,
  dueRequest,
  openStoreStage,
  tokenRecord,
  type StoreStage,
} from "../stage/store-stage.ts";

interface RestoreStage extends StoreStage {
  restores: RestoreStore;
}

const NOTHING: Knowledge = { newestSince: null, staticProviders: [] };

async function open(kind: DatabaseKind): Promise<RestoreStage> {
  const stage = await openStoreStage(kind);
  await stage.database.write(async (queries) => {
    await queries.insertInto("installation").values({ id: "installation-1", created_at: 1 }).execute();
  });
  return { ...stage, restores: createRestoreStore(stage.database) };
}

/** A database that somebody followed and that is now as it was before that. */
async function openOlder(kind: DatabaseKind): Promise<RestoreStage & { followed: Followed; from: number }> {
  const stage = await open(kind);
  await stage.restores.follow(null);
  const from = stage.clock.now();
  await stage.clock.advance(MINUTE);
  return { ...stage, from, followed: { beats: 5, at: stage.clock.now() - SECOND, forgivesMs: 0 } };
}

async function holdAll({ restores }: RestoreStage, knowledge = NOTHING): Promise<number> {
  for (let held = 0; ;) {
    const window = await restores.hold(knowledge);
    held += window.held;
    if (window.done) return held;
  }
}

const unrotated = { ...tokenRecord(1), rotatedAt: null };

/** What every database has to make of `RestoreStore`. */
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

  describe(`holding on ${kind.name}`, () => {
    test("stops a connection whose token may have been replaced, and says why", async () => {
      const stage = await open(kind);
      await stage.create("con_1");
      const claim = await stage.claim("con_1");
      await stage.clock.advance(SECOND);
      await stage.restores.mark(0);
      const before = await stage.held("con_1");
      const now = stage.clock.now();
      expect(await stage.restores.held()).toBe(0);
      expect(await holdAll(stage)).toBe(1);
      const evidence = { restored_at: now, as_of: null };
      expect(await stage.held("con_1")).toEqual({
        ...before,
        connection: {
          ...before.connection,
          status: "suspended",
          statusSince: now,
          diagnosis: { cause: "restored_from_backup", confidence: "possible", evidence },
        },
        lease: { ...before.lease, dueAt: null, owner: null, leaseUntil: 0 },
      });
      expect(await stage.restores.held()).toBe(1);
      expect(await stage.connections.stands(claim)).toBe(false);
      const [entry] = await stage.connections.history("con_1", { limit: 1, before: null });
      expect(entry).toMatchObject({ kind: "held_after_restore", generation: 1, at: now, detail: evidence });
      expect((await stage.restores.past())?.restore).toMatchObject({ pending: false });
    });

    test("leaves alone what needs no decision", async () => {
      const stage = await open(kind);
      const over = { kind: "reauthorization_required", generation: 1, detail: {} } as const;
      await stage.create("con_a_over");
      await stage.connections.setStatus({
        connectionId: "con_a_over",
        generation: 1,
        status: "reauthorization_required",
        diagnosis: null,
        history: over,
      });
      await stage.create("con_b_gone");
      await stage.connections.disconnect("con_b_gone", { kind: "disconnected", generation: 1, detail: {} });
      await stage.create("con_c_tokenless", {}, { tokens: { ...tokenRecord(1), sealedRefreshToken: null } });
      await stage.restores.mark(0);
      expect(await holdAll(stage)).toBe(0);
      expect(await stage.restores.held()).toBe(0);
    });

    test("goes by the provider's entry until an answer said otherwise", async () => {
      const stage = await open(kind);
      await stage.clients.create(clientAt("static", "cli_static"), null);
      await stage.create("con_rotated", { clientId: "cli_static" });
      await stage.create("con_static", { clientId: "cli_static" }, { tokens: unrotated });
      await stage.create("con_unknown", {}, { tokens: unrotated });
      await stage.restores.mark(0);
      expect(await holdAll(stage, { newestSince: null, staticProviders: ["static", "other"] })).toBe(2);
      const statuses = ["con_rotated", "con_static", "con_unknown"].map(
        async (id) => (await stage.held(id)).connection.status,
      );
      expect(await Promise.all(statuses)).toEqual(["suspended", "active", "suspended"]);
    });

    test("spares what was obtained since everything is known", async () => {
      const stage = await open(kind);
      await stage.create("con_before", {}, { tokens: { ...tokenRecord(1), obtainedAt: 4999 } });
      await stage.create("con_since", {}, { tokens: { ...tokenRecord(1), obtainedAt: 5000 } });
      await stage.restores.mark(0);
      expect(await holdAll(stage, { ...NOTHING, newestSince: 5000 })).toBe(1);
      expect((await stage.held("con_before")).connection.status).toBe("suspended");
    });

    test("is over when everything was looked through, and is not begun without a mark", async () => {
      const stage = await open(kind);
      await stage.create("con_1");
      expect(await stage.restores.hold(NOTHING)).toEqual({ held: 0, done: true });
      await stage.restores.mark(0);
      await holdAll(stage);
      await stage.restores.release("con_1");
      expect(await stage.restores.hold(NOTHING)).toEqual({ held: 0, done: true });
      expect(await stage.restores.held()).toBe(0);
    });

    test("looks through many in turn, by several instances at once, each connection once", async () => {
      const stage = await open(kind);
      await crowd(stage, 2100);
      await stage.restores.mark(0);
      expect(await Promise.all([holdAll(stage), holdAll(stage), holdAll(stage)]).then(sum)).toBe(2100);
      expect(await stage.restores.held()).toBe(2100);
      expect(await stage.kindsOf("con_02099")).toEqual(["held_after_restore"]);
    });

    test("goes on where it was cut short", async () => {
      const stage = await open(kind);
      await crowd(stage, 1500);
      await stage.restores.mark(0);
      expect(await stage.restores.hold(NOTHING)).toEqual({ held: 1000, done: false });
      expect((await stage.restores.past())?.restore).toMatchObject({ pending: true });
      expect(await stage.restores.hold(NOTHING)).toEqual({ held: 500, done: true });
    });

    test("can be done for some, again after they were raised", async () => {
      const stage = await open(kind);
      for (const id of ["con_1", "con_2", "con_3"]) await stage.create(id);
      await stage.restores.mark(0);
      await holdAll(stage);
      for (const id of ["con_1", "con_2"]) await stage.connections.recover(commitOf(id, 4));
      expect(await stage.restores.held()).toBe(1);
      expect(await stage.restores.holdAmong(["con_1", "con_3", "con_none"], NOTHING)).toBe(1);
      expect((await stage.held("con_1")).connection.status).toBe("suspended");
      expect((await stage.held("con_2")).connection.status).toBe("active");
      expect(await stage.restores.holdAmong([], NOTHING)).toBe(0);
    });

    test("is not hidden by a client that is suspended as well", async () => {
      const stage = await open(kind);
      await stage.create("con_1");
      await stage.restores.mark(0);
      await holdAll(stage);
      await stage.clients.suspend("cli_1", { cause: "client_disabled", code: "deleted_client", probeAt: 0 });
      expect((await stage.held("con_1")).connection.diagnosis).toMatchObject({ cause: "restored_from_backup" });
    });
  });

  describe(`a held connection on ${kind.name}`, () => {
    async function openHeld(): Promise<RestoreStage> {
      const stage = await open(kind);
      await stage.create("con_1");
      await stage.restores.mark(0);
      await holdAll(stage);
      await stage.clock.advance(2 * MINUTE);
      return stage;
    }

    test("is not due by itself", async () => {
      const stage = await openHeld();
      await stage.clock.advance(DAY);
      expect(await stage.connections.claimDue(dueRequest())).toEqual([]);
    });

    test.each(["recover", "commit"] as const)("goes on when a newer token set comes by %s", async (by) => {
      const stage = await openHeld();
      const before = { generation: 1, owner: "ins_late", epoch: 0, earlier: null, connectionId: "con_1" };
      const result =
        by === "recover"
          ? await stage.connections.recover(commitOf("con_1", 3))
          : await stage.connections.commit(commitOf("con_1", 2), before);
      expect(result).toEqual({ kind: "committed", was: "suspended" });
      expect(await stage.held("con_1")).toMatchObject({
        connection: { status: "active", diagnosis: null },
        lease: { dueAt: 7 },
      });
      expect(await stage.restores.held()).toBe(0);
    });

    test("goes on at once when it is released, knowing that its token may be spent", async () => {
      const stage = await openHeld();
      const now = stage.clock.now();
      expect(await stage.restores.release("con_1")).toBe(true);
      const { connection, lease } = await stage.held("con_1");
      expect(connection).toMatchObject({ status: "active", statusSince: now, diagnosis: null });
      expect(lease).toMatchObject({ dueAt: now, backoffUntil: 0, failures: 0, cause: null, owner: null });
      expect((await stage.kindsOf("con_1")).at(-1)).toBe("released_after_restore");
      const claim = await stage.claim("con_1", claimRequest("con_1"));
      expect(claim.earlier).toEqual({ count: 1, firstAt: tokenRecord(1).obtainedAt });
    });

    test("is released once, and nothing else is", async () => {
      const stage = await openHeld();
      await stage.create("con_2");
      await stage.restores.release("con_1");
      for (const id of ["con_1", "con_2", "con_none"]) expect(await stage.restores.release(id)).toBe(false);
      expect(await stage.kindsOf("con_2")).toEqual(["connected"]);
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
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
