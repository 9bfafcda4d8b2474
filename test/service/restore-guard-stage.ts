import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Snapshot } from "../../src/connection/store.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { createPace } from "../../src/refresh/pace/create-pace.ts";
import type { RefreshPorts } from "../../src/refresh/ports.ts";
import type { RefreshResult } from "../../src/refresh/request.ts";
import { createId } from "../../src/runtime/id.ts";
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
    const ports: RefreshPorts = { ...outside, instanceId };
    const own = { dataDir, instances: createInstanceStore(database), restores, forgivesMs: 0 };
    const instances = await guardInstances({ ...ports, ...own, ...change });
    const { sessions } = world;
    const engine = createEngine(ports, {
      sessions,
      instances,
      reauthorizationUrl: ({ id }) => `https://example/${id}`,
    });
    const { heartbeat, refresher } = engine;
    await replayJournals({ ...engine.ports, dataDir });
    await heartbeat.start();
    return {
      instanceId,
      dataDir,
      observer,
      instances,
      refresh: async (connectionId: string): Promise<RefreshResult> => {
        const { tokens } = await held(connectionId);
        return refresher.refresh({ connectionId, generation: tokens.generation, origin: "ahead" });
      },
      /** A graceful end. */
      stop: async () => {
        await heartbeat.stop();
        await close();
      },
      /** Its process ends without another sign of life. */
      kill: close,
    };
  }

  async function held(connectionId: string): Promise<Snapshot> {
    const snapshot = await world.connections.snapshot(connectionId);
    if (!snapshot) throw new Error("There is no such connection.");
    return snapshot;
  }

  return { ...world, restores, folder, start, held };
}
