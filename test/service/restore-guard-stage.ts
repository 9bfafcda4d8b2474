import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { Snapshot } from "../../src/connection/store.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { HEARTBEAT_INTERVAL, type InstanceStore } from "../../src/refresh/instances.ts";
import { createPace } from "../../src/refresh/pace/create-pace.ts";
import { createDpopNonces } from "../../src/oauth/dpop-nonce.ts";
import type { RefreshPorts } from "../../src/refresh/ports.ts";
import type { RefreshResult } from "../../src/refresh/request.ts";
import { SECOND, type Clock } from "../../src/runtime/clock.ts";
import { createId } from "../../src/runtime/id.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { createEngine } from "../../src/service/engine.ts";
import { replayJournals } from "../../src/service/replay-journals.ts";
import { guardInstances, type GuardDeps } from "../../src/service/restore-guard.ts";
import { createInstanceStore } from "../../src/store/instances.ts";
import { createRestoreStore } from "../../src/store/restores.ts";
import { openSqlite } from "../../src/store/sqlite/open.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";
import type { ServerBehaviour } from "../stage/simulated-authorization-server.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { createWorld } from "../stage/world.ts";

/** A file has no server that could start anew. */
const INCARNATION = 1;

export type GuardStage = Awaited<ReturnType<typeof openGuardStage>>;
export type Instance = Awaited<ReturnType<GuardStage["start"]>>;

/** Instances with real journals in data directories of their own over one database, in time that the test moves. */
export async function openGuardStage(server: Partial<ServerBehaviour> = {}) {
  const clock = createManualClock();
  const random = createSeededRandom(1);
  const database = await openSqlite(":memory:", clock);
  onTestFinished(() => database.close());
  const world = await createWorld({ clock, random, database, server: { reuse: "punished", ...server } });
  const restores = createRestoreStore(database);
  const folder = temporaryFolder();
  const running = new Map<string, InstanceStore>();

  /** An instance as the service starts it; `change` stands between it and the outside. */
  async function start(dir: string, change: Partial<GuardDeps> = {}) {
    const dataDir = join(folder, dir);
    const instanceId = createId("ins", clock, random);
    const observer = createCollectingObserver();
    const journal = await openJournal({ dataDir, instanceId, clock, observer });
    let isOpen = true;
    const close = async (): Promise<void> => {
      if (isOpen) await journal.close();
      isOpen = false;
    };
    onTestFinished(close);
    const { transport, keyring: sealer, catalogue, clients, connections } = world;
    const pace = createPace({ clock, random, observer });
    const outside = { clock, random, observer, transport, sealer, catalogue, clients, connections, journal, pace };
    const dpopNonces = createDpopNonces();
    const ports: RefreshPorts = { ...outside, dpopNonces, publicUrl: "https://evergrant.example", instanceId };
    // Signs of life are given by `pass`: by themselves they would not keep up with time that jumps.
    const unhurried: Clock = {
      ...clock,
      sleep: (ms, signal) => (ms === HEARTBEAT_INTERVAL ? untilAborted(signal) : clock.sleep(ms, signal)),
    };
    const own = { dataDir, instances: createInstanceStore(database), restores, forgivesMs: 0 };
    const instances = await guardInstances({ ...ports, ...own, ...change });
    const { sessions, tokenReads } = world;
    const engine = createEngine(
      { ...ports, clock: unhurried },
      {
        sessions,
        tokenReads,
        instances,
        reauthorizationUrl: ({ id }) => `https://example/${id}`,
      },
    );
    const { heartbeat, refresher } = engine;
    await replayJournals({ ...engine.ports, dataDir });
    await heartbeat.start();
    running.set(instanceId, instances);
    return {
      instanceId,
      dataDir,
      observer,
      refresh: async (connectionId: string): Promise<RefreshResult> => {
        const { tokens } = await held(connectionId);
        return refresher.refresh({ connectionId, generation: tokens.generation, origin: "ahead" });
      },
      /** A graceful end. */
      stop: async () => {
        running.delete(instanceId);
        await heartbeat.stop();
        await close();
      },
      /** Its process ends without another sign of life. */
      kill: async () => {
        running.delete(instanceId);
        await close();
      },
    };
  }

  /** Lets time pass, in which every instance gives signs of life. */
  async function pass(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0; left -= HEARTBEAT_INTERVAL) {
      await clock.advance(Math.min(left, HEARTBEAT_INTERVAL));
      for (const [id, instances] of running) await instances.beat(id, INCARNATION);
    }
  }

  async function held(connectionId: string): Promise<Snapshot> {
    const snapshot = await world.connections.snapshot(connectionId);
    if (!snapshot) throw new Error("There is no such connection.");
    return snapshot;
  }

  return { ...world, restores, start, held, pass };
}

function untilAborted(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener("abort", () => resolve());
  });
}

/** Refreshes at each of the instances in turn, and lets a minute pass each time. */
export async function rotate({ pass }: GuardStage, id: string, instances: readonly Instance[]): Promise<void> {
  for (const instance of instances) {
    await pass(10 * SECOND);
    expect(await instance.refresh(id)).toEqual({ kind: "renewed" });
  }
}

export async function stateOf(stage: GuardStage, id: string) {
  const { connection, tokens } = await stage.held(id);
  const { refreshToken = "" } = await stage.tokensOf(id);
  const cause = connection.diagnosis?.cause ?? null;
  return { status: connection.status, cause, generation: tokens.generation, works: stage.server.accepts(refreshToken) };
}

export const HELD = { status: "suspended", cause: "restored_from_backup" };
export const WELL = { status: "active", cause: null };

export const broken = new ServiceError("store_unavailable", "The database is gone.");

/** What a database that is gone makes of a call. */
export function failing(): Promise<never> {
  return Promise.reject(broken);
}
