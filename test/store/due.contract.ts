import { describe, expect, test } from "vitest";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage } from "../stage/store-stage.ts";
import { clientAt } from "../stage/world.ts";

/** Which connections a database finds due. */
export function dueContract(kind: DatabaseKind): void {
  describe(`due on ${kind.name}`, () => {
    test("is what has come to its time, longest overdue first", async () => {
      const stage = await openStoreStage(kind);
      const now = stage.clock.now();
      const times = { con_1: now + 1000, con_2: now - 5, con_3: now + 1001, con_4: now, con_5: null };
      for (const [id, dueAt] of Object.entries(times)) await stage.create(id, {}, { dueAt });
      expect(await stage.connections.due(10)).toEqual(["con_2", "con_4"]);
      await stage.clock.advance(1000);
      expect(await stage.connections.due(10)).toEqual(["con_2", "con_4", "con_1"]);
      expect(await stage.connections.due(2)).toEqual(["con_2", "con_4"]);
    });

    test("is not what backs off, until its back-off is over", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1", {}, { dueAt: 1 });
      await stage.connections.postpone({
        connectionId: "con_1",
        generation: 1,
        answered: true,
        degrade: false,
        history: null,
        backoffUntil: stage.clock.now() + 1000,
        diagnosis: { cause: "provider_unavailable", confidence: "certain", evidence: {} },
      });
      expect(await stage.connections.due(10)).toEqual([]);
      await stage.clock.advance(1000);
      expect(await stage.connections.due(10)).toEqual(["con_1"]);
    });

    test("is not what is over", async () => {
      const stage = await openStoreStage(kind);
      for (const id of ["con_1", "con_2", "con_3"]) await stage.create(id, {}, { dueAt: 1 });
      await stage.connections.disconnect("con_1", { kind: "disconnected", generation: 1, detail: {} });
      const history = { kind: "reauthorization_required", generation: 1, detail: {} } as const;
      const status = "reauthorization_required";
      await stage.connections.setStatus({ connectionId: "con_2", generation: 1, status, diagnosis: null, history });
      expect(await stage.connections.due(10)).toEqual(["con_3"]);
    });

    test("is nothing of a suspended client until its probe is, and everything again when it has resumed", async () => {
      const stage = await openStoreStage(kind);
      await stage.clients.create(clientAt("provider", "cli_2"), null);
      await stage.create("con_1", {}, { dueAt: 1 });
      await stage.create("con_2", { clientId: "cli_2" }, { dueAt: 2 });
      const now = stage.clock.now();
      const suspension = { cause: "client_secret_rejected", code: "invalid_client", probeAt: now + 1000 } as const;
      await stage.clients.suspend("cli_1", suspension);
      expect(await stage.connections.due(10)).toEqual(["con_2"]);
      await stage.clock.advance(1000);
      expect(await stage.connections.due(10)).toEqual(["con_1", "con_2"]);
      await stage.clients.claimProbe("cli_1", stage.clock.now() + 1000);
      expect(await stage.connections.due(10)).toEqual(["con_2"]);
      await stage.clients.resume("cli_1");
      expect(await stage.connections.due(10)).toEqual(["con_1", "con_2"]);
    });
  });
}
