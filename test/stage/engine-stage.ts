import type { Selectable } from "kysely";
import { onTestFinished } from "vitest";
import type { HistoryKind } from "../../src/connection/history.ts";
import type { Snapshot } from "../../src/connection/store.ts";
import type { AccessToken } from "../../src/refresh/access-token.ts";
import type { RefreshRequest, RefreshResult } from "../../src/refresh/request.ts";
import type { Database, Queries } from "../../src/store/database.ts";
import type { Schema } from "../../src/store/schema.ts";
import { openSqlite } from "../../src/store/sqlite/open.ts";
import type { CatalogueEntry } from "./catalogue-entry.ts";
import { createEngine, type Engine } from "./engine.ts";
import { createManualClock } from "./manual-clock.ts";
import type { MemoryJournal } from "./memory-journal.ts";
import { createSeededRandom } from "./seeded-random.ts";
import type { ServerBehaviour } from "./simulated-authorization-server.ts";
import { createWorld, TENANT, type World } from "./world.ts";

/** An engine, and the few things that every test of it does. */
export interface Instance extends Engine {
  /** Refreshes the newest generation, or the one named. */
  refresh(connectionId: string, request?: Partial<RefreshRequest>): Promise<RefreshResult>;
  read(connectionId: string, minTtlMs?: number): Promise<AccessToken>;
  rejected(connectionId: string, generation: number, challenge?: string): Promise<AccessToken>;
}

/** A world, and a look at what its database says. */
interface Scene extends World {
  /** As the database has it. */
  held(connectionId: string): Promise<Snapshot>;
  /** Oldest first. */
  historyOf(connectionId: string): Promise<HistoryKind[]>;
  /** Lets time pass, in which something has to come to its end. */
  passing<T>(milliseconds: number, work: Promise<T>): Promise<T>;
  /** The database as it is now; what is given back makes it so again, as if nothing had been committed since. */
  remember(): Promise<() => Promise<void>>;
  /** The database's server is started anew, or another one takes its place. */
  failOver(): void;
}

/** One refresh engine in a world of its own. */
export interface EngineStage extends Scene, Instance {}

/** Several instances of the service over one database. */
export interface InstancesStage extends Scene {
  a: Instance;
  b: Instance;
  /** All of them, `a` and `b` first. */
  instances: Instance[];
}

export interface EngineStageOptions {
  server?: Partial<ServerBehaviour>;
  /** What the server is in the catalogue; without it, an entry that says what the server does. */
  entry?: CatalogueEntry;
  databasePath?: string;
  seed?: number;
}

export interface InstancesOptions extends EngineStageOptions {
  /** Two unless told. */
  count?: number;
  /** They can look into each other's journals. */
  sameHost?: boolean;
}

export async function openEngineStage(options: EngineStageOptions = {}): Promise<EngineStage> {
  const { scene, database } = await openScene(options);
  const instance = createInstance(scene);
  onTestFinished(async () => {
    await instance.sweep.stop();
    await database.close();
  });
  return { ...scene, ...instance };
}

export async function openInstances(options: InstancesOptions = {}): Promise<InstancesStage> {
  const { count = 2, sameHost = false } = options;
  const { scene, database } = await openScene(options);
  const host = new Map<string, MemoryJournal>();
  const instances = Array.from({ length: count }, () => createInstance(scene, sameHost ? host : new Map()));
  for (const { heartbeat } of instances) await heartbeat.start();
  const [a, b] = instances;
  if (!a || !b) throw new Error("Two instances at least.");
  onTestFinished(async () => {
    await Promise.all(instances.filter(({ link }) => link.state !== "ended").map(stop));
    await database.close();
  });
  return { ...scene, a, b, instances };
}

async function stop({ sweep, heartbeat }: Engine): Promise<void> {
  await sweep.stop();
  await heartbeat.stop();
}

async function openScene(options: EngineStageOptions): Promise<{ scene: Scene; database: Database }> {
  const clock = createManualClock();
  let incarnation = 1;
  const path = options.databasePath ?? ":memory:";
  const database = await openSqlite(path, clock, { incarnation: () => incarnation });
  const random = createSeededRandom(options.seed ?? 1);
  const { server = {}, entry } = options;
  const world = await createWorld({ clock, random, database, server, ...(entry && { entry }) });
  const { connections } = world;

  async function held(connectionId: string): Promise<Snapshot> {
    const snapshot = await connections.snapshot(connectionId);
    if (!snapshot) throw new Error("There is no such connection.");
    return snapshot;
  }
  async function historyOf(connectionId: string): Promise<HistoryKind[]> {
    const entries = await connections.history(connectionId, { limit: 1000, before: null });
    return entries.map(({ kind }) => kind).toReversed();
  }
  async function passing<T>(milliseconds: number, work: Promise<T>): Promise<T> {
    const outcome = Promise.allSettled([work]);
    await clock.advance(milliseconds);
    const [result] = await Promise.race([outcome, soon()]);
    if (result.status === "rejected") throw result.reason;
    return result.value;
  }
  const views = { held, historyOf, passing, remember: () => remember(database) };
  return { scene: { ...world, ...views, failOver: () => void incarnation++ }, database };
}

/** Without what the database computes. */
function stored(row: Selectable<Schema["connections"]>) {
  const { own_status: _status, own_cause: _cause, search_text: _text, ...columns } = row;
  return columns;
}

async function remember(database: Database): Promise<() => Promise<void>> {
  const read = <T>(query: (queries: Queries) => Promise<T>) => database.read(query);
  const connections = await read((queries) => queries.selectFrom("connections").selectAll().execute());
  const tokens = await read((queries) => queries.selectFrom("token_sets").selectAll().execute());
  const leases = await read((queries) => queries.selectFrom("refresh_leases").selectAll().execute());
  const entries = await read((queries) => queries.selectFrom("history").select("id").execute());
  return () =>
    database.write(async (queries) => {
      for (const row of connections)
        await queries.updateTable("connections").set(stored(row)).where("id", "=", row.id).execute();
      for (const row of tokens) {
        await queries.updateTable("token_sets").set(row).where("connection_id", "=", row.connection_id).execute();
      }
      for (const row of leases) {
        await queries.updateTable("refresh_leases").set(row).where("connection_id", "=", row.connection_id).execute();
      }
      await queries.deleteFrom("spare_token_sets").execute();
      const latest = Math.max(0, ...entries.map(({ id }) => id));
      await queries.deleteFrom("history").where("id", ">", latest).execute();
    });
}

/** A turn of the event loop later, whatever could be over is. */
function soon(): Promise<[PromiseRejectedResult]> {
  const reason = new Error("It is still going on.");
  return new Promise((resolve) => setImmediate(() => resolve([{ status: "rejected", reason }])));
}

/** One more instance; it is known to the others once its heartbeat has started. */
export function createInstance(scene: Pick<Scene, "held"> & World, host?: Map<string, MemoryJournal>): Instance {
  const engine = createEngine(scene, host);
  const { refresher, accessTokens } = engine;
  return {
    ...engine,
    refresh: async (connectionId, request = {}) => {
      const generation = request.generation ?? (await scene.held(connectionId)).tokens.generation;
      return refresher.refresh({ connectionId, generation, origin: request.origin ?? "ahead" });
    },
    read: (connectionId, minTtlMs = 60_000) => accessTokens.read({ tenantId: TENANT, connectionId, minTtlMs }),
    rejected: (connectionId, generation, challenge) =>
      accessTokens.rejected({ tenantId: TENANT, connectionId, generation, status: 401, challenge: challenge ?? null }),
  };
}
