import { onTestFinished } from "vitest";
import type { NewHistoryEntry } from "../../src/connection/history.ts";
import type { ConnectionStore, NewConnection, Snapshot } from "../../src/connection/store.ts";
import type { TokenRecord } from "../../src/connection/token-record.ts";
import type { Database } from "../../src/store/database.ts";
import { createClientStore } from "../../src/store/clients.ts";
import { createConnectionStore } from "../../src/store/connections.ts";
import type { DatabaseKind } from "./databases.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { clientAt, newConnection } from "./world.ts";

interface First {
  tokens: TokenRecord;
  dueAt: number | null;
  history: NewHistoryEntry;
}

/** An empty database with one client, `cli_1`. */
export interface StoreStage {
  clock: ManualClock;
  database: Database;
  clients: ReturnType<typeof createClientStore>;
  connections: ConnectionStore;
  /** Stores a connection of `cli_1` with its first token set, due after a minute unless told. */
  create(id: string, given?: Partial<NewConnection>, first?: Partial<First>): Promise<void>;
  /** As stored; throws when there is none. */
  held(id: string): Promise<Snapshot>;
}

export const FIRST = { kind: "connected", generation: 1, detail: {} } as const;

export async function openStoreStage(kind: DatabaseKind): Promise<StoreStage> {
  const clock = createManualClock();
  const database = await kind.open(clock);
  onTestFinished(() => database.close());
  const clients = createClientStore(database);
  const connections = createConnectionStore(database);
  await clients.create(clientAt("provider", "cli_1"), null);
  return {
    clock,
    database,
    clients,
    connections,
    create: (id, given = {}, first = {}) => {
      const connection = { ...newConnection(id, { id: "cli_1", providerId: "provider" }), ...given };
      const { tokens, dueAt, history } = {
        tokens: tokenRecord(1),
        dueAt: clock.now() + 60_000,
        history: FIRST,
        ...first,
      };
      return connections.create(connection, tokens, dueAt, history);
    },
    held: async (id) => {
      const snapshot = await connections.snapshot(id);
      if (!snapshot) throw new Error(`There is no ${id}.`);
      return snapshot;
    },
  };
}

/** A token set of which every field depends on its generation. */
export function tokenRecord(generation: number): TokenRecord {
  return {
    generation,
    sealedAccessToken: Buffer.of(1, generation, 0, 255),
    sealedRefreshToken: Buffer.of(2, generation, 0, 255),
    tokenType: "Bearer",
    scope: [`scope-${generation}`, "with space"],
    obtainedAt: generation * 1000,
    origin: "ahead",
    expiresAt: generation * 1000 + 500,
    refreshExpiresAt: generation * 10_000,
  };
}
