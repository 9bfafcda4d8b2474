import { describe, expect, test } from "vitest";
import type { JournalEntry } from "../../src/connection/journal.ts";
import type { NewestTokens } from "../../src/connection/store.ts";
import { bringAllToStore, bringToStore } from "../../src/refresh/recover.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { tokenRecord } from "../stage/store-stage.ts";
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
  const refreshTokenName = `journaled-${generation}`;
  const successor = { ...tokens, generation, sealedRefreshToken, refreshTokenName, scope: ["journaled"] };
  return { kind: "tokens", tenantId: TENANT, connectionId: id, receivedAt: 1234, tokens: successor };
}

async function look(stage: EngineStage, id: string) {
  const { tokens, connection } = await stage.held(id);
  const spares = (await stage.connections.spares(id)).map((spare) => spare.tokens.scope);
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

  test("whose access token has no end is looked at at once, so that it is kept alive", async () => {
    const { stage, id, entry } = await scene();
    await bringToStore(stage.ports, { ...entry, tokens: { ...entry.tokens, expiresAt: null } });
    expect((await stage.held(id)).lease.dueAt).toBe(1234);
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

  test("is no spare where the store has the same refresh token, sealed anew", async () => {
    const { stage, id, entry } = await scene(2);
    await bringToStore(stage.ports, entry);
    const again = { ...entry, tokens: { ...entry.tokens, sealedRefreshToken: Buffer.from("sealed anew") } };
    await expect(bringToStore(stage.ports, again)).resolves.toBe("known");
    expect(await look(stage, id)).toMatchObject({ generation: 2, spares: [] });
  });

  test("is a spare as well when somebody commits between the look and the write", async () => {
    const { stage, id, entry } = await scene(2);
    stage.store.before("recover", async () => {
      const other = { ...entry.tokens, sealedRefreshToken: Buffer.from("other"), refreshTokenName: "other" };
      const tokens = { ...other, scope: ["other"] };
      await stage.connections.recover({ connectionId: id, tokens, dueAt: 1, history: [] });
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

/** A store that has for every connection what it is told, and the connections that were looked at one by one. */
async function lookedAt(all: readonly JournalEntry[], stored: NewestTokens | undefined) {
  const stage = await openEngineStage();
  const batches: number[] = [];
  const looked: string[] = [];
  const connections = {
    ...stage.connections,
    newestOf: async (ids: readonly string[]) => {
      batches.push(ids.length);
      return new Map(stored && ids.map((id) => [id, stored]));
    },
    snapshot: async (id: string) => {
      looked.push(id);
      return null;
    },
  };
  await bringAllToStore({ ...stage.ports, connections }, all);
  return { batches, looked };
}

function entries(count: number, sealedRefreshToken: Uint8Array): JournalEntry[] {
  const tokens = { ...tokenRecord(2), sealedRefreshToken };
  const entry = { kind: "tokens", tenantId: TENANT, receivedAt: 1, tokens } as const;
  return Array.from({ length: count }, (_, i) => ({ ...entry, connectionId: `con_${i}` }));
}

describe("many journaled token sets", () => {
  test("are compared with the store a few hundred at a time, all of them", async () => {
    const { batches, looked } = await lookedAt(entries(1200, Buffer.of(1)), undefined);
    expect(batches).toEqual([500, 500, 200]);
    expect(looked).toEqual([]);
  });

  test.each([
    ["an older generation", { generation: 1, sealedRefreshToken: Buffer.of(1) }, 1],
    ["the same bytes", { generation: 2, sealedRefreshToken: Buffer.of(1) }, 0],
    ["other bytes of that generation", { generation: 2, sealedRefreshToken: Buffer.of(2) }, 1],
    ["more bytes of that generation", { generation: 2, sealedRefreshToken: Buffer.of(1, 2) }, 1],
    ["fewer bytes of that generation", { generation: 2, sealedRefreshToken: Buffer.of() }, 1],
    ["a later generation", { generation: 3, sealedRefreshToken: Buffer.of(1) }, 0],
  ])("of which the store has %s: looked at %#", async (_, stored, times) => {
    const { looked } = await lookedAt(entries(1, Buffer.of(1)), { ...stored, refreshTokenName: null });
    expect(looked).toHaveLength(times);
  });
});
