import { describe, expect, test } from "vitest";
import { DAY, SECOND } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { claimRequest, commitOf, dueRequest, tokenRecord } from "../stage/store-stage.ts";
import { clientAt } from "../stage/world.ts";
import { crowd } from "./crowd.ts";
import { holdAll, NOTHING, open, openHeld } from "./restore-stage.ts";

const unrotated = { ...tokenRecord(1), rotatedAt: null };

/** What every database has to make of connections that wait for an operator's decision. */
export function restoreHoldContract(kind: DatabaseKind): void {
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
    test("is not due by itself", async () => {
      const stage = await openHeld(kind);
      await stage.clock.advance(DAY);
      expect(await stage.connections.claimDue(dueRequest())).toEqual([]);
    });

    test.each(["recover", "commit"] as const)("goes on when a newer token set comes by %s", async (by) => {
      const stage = await openHeld(kind);
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
      const stage = await openHeld(kind);
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
      const stage = await openHeld(kind);
      await stage.create("con_2");
      await stage.restores.release("con_1");
      for (const id of ["con_1", "con_2", "con_none"]) expect(await stage.restores.release(id)).toBe(false);
      expect(await stage.kindsOf("con_2")).toEqual(["connected"]);
    });
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
