import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";

const ID = "con_1";
const REJECTED: Diagnosis = { cause: "unknown", confidence: "possible", evidence: {} };

async function openWithImport(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.create("con_other");
  await stage.create(ID, { seed: "seed", lastProvenAt: null });
  return stage;
}

function end({ connections }: StoreStage, generation = 1) {
  const status = "reauthorization_required";
  const history = { kind: status, generation, detail: {} } as const;
  return connections.setStatus({ connectionId: ID, generation, status, diagnosis: REJECTED, history });
}

/** What every database has to make of an import that is taken back. */
export function connectionDiscardContract(kind: DatabaseKind): void {
  describe(`discarding on ${kind.name}`, () => {
    test("leaves nothing of an import that never worked, and everything of others", async () => {
      const stage = await openWithImport(kind);
      await stage.connections.setAside(ID, tokenRecord(1, 1), null);
      await end(stage);
      const other = await stage.held("con_other");
      expect(await stage.connections.discard(ID)).toBe("discarded");
      expect(await stage.connections.snapshot(ID)).toBeNull();
      expect(await stage.connections.history(ID, { limit: 10, before: null })).toEqual([]);
      expect(await stage.connections.spares(ID)).toEqual([]);
      expect(await stage.connections.findBySeed("cli_1", "seed")).toBeNull();
      expect(await stage.held("con_other")).toEqual(other);
      expect(await stage.kindsOf("con_other")).toEqual(["connected"]);
      // The same token may be imported again.
      await stage.create("con_2", { seed: "seed" });
      expect(await stage.connections.findBySeed("cli_1", "seed")).toBe("con_2");
    });

    test.each<[string, (stage: StoreStage) => Promise<unknown>]>([
      ["is live", () => Promise.resolve()],
      ["has worked", async (stage) => [await stage.connections.markProven(ID), await end(stage)]],
      [
        "has had another token",
        async (stage) => [await stage.connections.recover(commitOf(ID, 2)), await end(stage, 2)],
      ],
      [
        "is disconnected",
        async (stage) => stage.connections.disconnect(ID, { kind: "disconnected", generation: 1, detail: {} }),
      ],
    ])("keeps what %s", async (_, happen) => {
      const stage = await openWithImport(kind);
      await happen(stage);
      const before = await stage.held(ID);
      expect(await stage.connections.discard(ID)).toBe("kept");
      expect(await stage.held(ID)).toEqual(before);
    });

    test("knows nothing of what there is not, or was not imported", async () => {
      const stage = await openWithImport(kind);
      expect(await stage.connections.discard("con_9")).toBe("kept");
      expect(await stage.connections.discard("con_other")).toBe("kept");
    });
  });
}
