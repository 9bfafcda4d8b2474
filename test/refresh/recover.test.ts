import { describe, expect, test } from "vitest";
import type { JournalEntry } from "../../src/connection/journal.ts";
import { bringToStore } from "../../src/refresh/recover.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { TENANT } from "../stage/world.ts";

/** A connection, and a journaled successor of its token set: generation `generation`, told apart by its scope. */
async function scene(generation = 2) {
  const stage = await openEngineStage();
  const id = await stage.connect();
  return { stage, id, entry: await journaled(stage, id, generation) };
}

async function journaled(stage: EngineStage, id: string, generation: number): Promise<JournalEntry> {
  const { tokens } = await stage.held(id);
  const sealedRefreshToken = Buffer.from(`journaled-${generation}`);
  const successor = { ...tokens, generation, sealedRefreshToken, scope: ["journaled"] };
  return { kind: "tokens", tenantId: TENANT, connectionId: id, receivedAt: 1234, tokens: successor };
}

async function look({ held, connections }: EngineStage, id: string) {
  const { tokens, connection } = await held(id);
  const spares = (await connections.spares(id)).map((spare) => spare.tokens.scope);
  return { generation: tokens.generation, scope: tokens.scope, status: connection.status, spares };
}

const OWN = ["files.read", "files.write"];

describe("a journaled token set", () => {
  test.each([2, 7])("is brought to a store that has an older one, as generation %d", async (generation) => {
    const { stage, id, entry } = await scene(generation);
    await expect(bringToStore(stage.ports, entry)).resolves.toBe("recovered");
    expect(await look(stage, id)).toEqual({ generation, scope: ["journaled"], status: "active", spares: [] });
    expect((await stage.held(id)).lease.dueAt).not.toBeNull();
    const [latest] = await stage.connections.history(id, { limit: 1, before: null });
    expect(latest).toMatchObject({ kind: "recovered_from_journal", generation, detail: { received_at: 1234 } });
    expect(stage.observer.of("journal.replayed")).toEqual([{ connectionId: id, generation }]);
  });

  test("ends the trouble of a connection that was condemned without it", async () => {
    const { stage, id, entry } = await scene();
    stage.server.revoke("refresh-1-1");
    await stage.refresh(id);
    await expect(bringToStore(stage.ports, entry)).resolves.toBe("recovered");
    expect(await look(stage, id)).toMatchObject({ generation: 2, status: "active" });
  });

  test("that the store has is known, and written once", async () => {
    const { stage, id, entry } = await scene();
    await bringToStore(stage.ports, entry);
    await expect(bringToStore(stage.ports, entry)).resolves.toBe("known");
    expect(await look(stage, id)).toMatchObject({ generation: 2, spares: [] });
    expect(stage.observer.of("journal.replayed")).toHaveLength(1);
  });

  test("that the store has gone on from is of no use any more", async () => {
    const { stage, id, entry } = await scene(2);
    await stage.refresh(id);
    await stage.refresh(id);
    await expect(bringToStore(stage.ports, entry)).resolves.toBe("known");
    expect(await look(stage, id)).toEqual({ generation: 3, scope: OWN, status: "active", spares: [] });
  });

  test("is a spare where the store has another one of its generation", async () => {
    const { stage, id, entry } = await scene(2);
    await stage.refresh(id);
    await expect(bringToStore(stage.ports, entry)).resolves.toBe("known");
    expect(await look(stage, id)).toEqual({ generation: 2, scope: OWN, status: "active", spares: [["journaled"]] });
    expect(stage.observer.of("journal.replayed")).toEqual([]);
  });

  test("is a spare as well when somebody commits between the look and the write", async () => {
    const { stage, id, entry } = await scene(2);
    stage.store.before("recover", async () => {
      const other = { ...entry.tokens, sealedRefreshToken: Buffer.from("other"), scope: ["other"] };
      await stage.connections.recover({ connectionId: id, tokens: other, dueAt: 1, history: [] });
    });
    await expect(bringToStore(stage.ports, entry)).resolves.toBe("known");
    expect(await look(stage, id)).toMatchObject({ generation: 2, scope: ["other"], spares: [["journaled"]] });
  });

  test("does not bring a disconnected connection back", async () => {
    const { stage, id, entry } = await scene(5);
    await stage.connections.disconnect(id, { kind: "disconnected", generation: 1, detail: {} });
    await expect(bringToStore(stage.ports, entry)).resolves.toBe("known");
    expect(await look(stage, id)).toMatchObject({ generation: 2, status: "disconnected", spares: [] });
  });

  test("of a connection that is not there any more is of no use", async () => {
    const { stage, entry } = await scene();
    await expect(bringToStore(stage.ports, { ...entry, connectionId: "con_gone" })).resolves.toBe("known");
  });
});
