import { createDpopNonces } from "../../src/oauth/dpop-nonce.ts";
import { createPace } from "../../src/refresh/pace/create-pace.ts";
import type { InstanceStore } from "../../src/refresh/instances.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import { createId } from "../../src/runtime/id.ts";
import { createEngine as wire, type Engine as WiredEngine } from "../../src/service/engine.ts";
import { createInstanceStore } from "../../src/store/instances.ts";
import { createCollectingObserver, type CollectingObserver } from "./collecting-observer.ts";
import {
  createFaultyConnectionStore,
  through,
  type DatabaseLink,
  type FaultyConnectionStore,
} from "./faulty-connection-store.ts";
import { createFaultySealer, type FaultySealer } from "./faulty-sealer.ts";
import { createMemoryJournal, type MemoryJournal } from "./memory-journal.ts";
import type { World } from "./world.ts";

/** The refresh engine of one instance of the service, wired by the service itself, with faults between it and the database. */
export interface Engine extends WiredEngine {
  instanceId: string;
  observer: CollectingObserver;
  /** The engine's way to the database. */
  store: FaultyConnectionStore;
  /** The way of everything that it has to say to the database, its signs of life too. */
  link: DatabaseLink;
  /** Its machine's wall clock, against that of the database. */
  wall: { aheadMs: number };
  sealer: FaultySealer;
  journal: MemoryJournal;
  /** Its process ends without a word, as with `kill -9`: nothing that it does reaches anything any more. */
  kill(): void;
}

/** `host`: the journals that instances on the same machine can look into. */
export function createEngine(world: World, host: Map<string, MemoryJournal> = new Map()): Engine {
  const { random, catalogue, clients, sessions, tokenReads, transport } = world;
  const wall = { aheadMs: 0 };
  const clock: Clock = { ...world.clock, now: () => world.clock.now() + wall.aheadMs };
  const instanceId = createId("ins", clock, random);
  const sealer = createFaultySealer(world.keyring);
  const observer = createCollectingObserver();
  const link: DatabaseLink = { state: "up" };
  const store = createFaultyConnectionStore(world.connections, link);
  const journal = createMemoryJournal(instanceId, host);
  const pace = createPace({ clock, random, observer });
  const publicUrl = "https://evergrant.example";
  const outside = {
    clock,
    random,
    observer,
    transport,
    dpopNonces: createDpopNonces(),
    sealer,
    catalogue,
    clients,
    journal,
    pace,
    publicUrl,
    instanceId,
  };
  const wired = wire(
    { ...outside, connections: store },
    {
      sessions,
      tokenReads,
      instances: overLink(createInstanceStore(world.database), link),
      reauthorizationUrl: (connection) => `https://evergrant.example/reauthorize/${connection.id}`,
    },
  );
  function kill(): void {
    link.state = "ended";
    journal.ended = true;
  }
  return { ...wired, instanceId, observer, store, link, wall, sealer, journal, kill };
}

function overLink(instances: InstanceStore, link: DatabaseLink): InstanceStore {
  return {
    beat: (instanceId, verified) => through(link, () => instances.beat(instanceId, verified)),
    leave: (instanceId) => through(link, () => instances.leave(instanceId)),
  };
}
