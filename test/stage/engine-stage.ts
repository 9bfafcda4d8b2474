import { onTestFinished } from "vitest";
import type { HistoryKind } from "../../src/connection/history.ts";
import type { Snapshot } from "../../src/connection/store.ts";
import type { AccessToken } from "../../src/refresh/access-token.ts";
import type { RefreshRequest, RefreshResult } from "../../src/refresh/request.ts";
import { openSqlite } from "../../src/store/sqlite/open.ts";
import { createEngine, type Engine } from "./engine.ts";
import { createManualClock } from "./manual-clock.ts";
import { createSeededRandom } from "./seeded-random.ts";
import type { ServerBehaviour } from "./simulated-authorization-server.ts";
import { createWorld, TENANT, type World } from "./world.ts";

/** One refresh engine in a world of its own, and the few things that every test of it does. */
export interface EngineStage extends World, Engine {
  /** Refreshes the newest generation, or the one named. */
  refresh(connectionId: string, request?: Partial<RefreshRequest>): Promise<RefreshResult>;
  read(connectionId: string, minTtlMs?: number): Promise<AccessToken>;
  rejected(connectionId: string, generation: number, challenge?: string): Promise<AccessToken>;
  /** As the database has it. */
  held(connectionId: string): Promise<Snapshot>;
  /** Oldest first. */
  historyOf(connectionId: string): Promise<HistoryKind[]>;
}

export interface EngineStageOptions {
  server?: Partial<ServerBehaviour>;
  databasePath?: string;
  seed?: number;
}

export async function openEngineStage(options: EngineStageOptions = {}): Promise<EngineStage> {
  const clock = createManualClock();
  const database = await openSqlite(options.databasePath ?? ":memory:", clock);
  const random = createSeededRandom(options.seed ?? 1);
  const world = await createWorld({ clock, random, database, server: options.server ?? {} });
  const engine = createEngine(world);
  onTestFinished(async () => {
    await engine.sweep.stop();
    await database.close();
  });
  return { ...world, ...engine, ...shortcuts(world, engine) };
}

function shortcuts({ connections }: World, { refresher, accessTokens }: Engine) {
  async function held(connectionId: string): Promise<Snapshot> {
    const snapshot = await connections.snapshot(connectionId);
    if (!snapshot) throw new Error("There is no such connection.");
    return snapshot;
  }
  return {
    held,
    refresh: async (connectionId: string, request: Partial<RefreshRequest> = {}) => {
      const generation = request.generation ?? (await held(connectionId)).tokens.generation;
      return refresher.refresh({ connectionId, generation, origin: request.origin ?? "ahead" });
    },
    read: (connectionId: string, minTtlMs = 60_000) => accessTokens.read({ tenantId: TENANT, connectionId, minTtlMs }),
    rejected: (connectionId: string, generation: number, challenge: string | null = null) =>
      accessTokens.rejected({ tenantId: TENANT, connectionId, generation, status: 401, challenge }),
    historyOf: async (connectionId: string) => {
      const entries = await connections.history(connectionId, { limit: 1000, before: null });
      return entries.map(({ kind }) => kind).toReversed();
    },
  };
}
