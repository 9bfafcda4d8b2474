import { watchIncidents } from "../../src/incident/watch.ts";
import type { AccessTokens } from "../../src/refresh/access-token.ts";
import type { RefreshPorts } from "../../src/refresh/ports.ts";
import { bringToStore } from "../../src/refresh/recover.ts";
import type { Refresher } from "../../src/refresh/refresh.ts";
import { SECOND } from "../../src/runtime/clock.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { createEngine } from "../../src/service/engine.ts";
import { unsettledIn, type AppendFate, type Disk } from "./disk.ts";
import { createInstanceClock } from "./instance-clock.ts";
import { createPorts } from "./ports.ts";
import type { Runner } from "./scheduler.ts";
import type { Slot, World } from "./world.ts";

/** One process of the service, as the world sees it. Its name is its instance id. */
export interface Process extends Runner {
  disk: Disk;
  /** How wrong its wall clock is. */
  clockOffset: number;
  /** It does not reach the database before this time. */
  cutOffUntil: number;
  /** Paused or cut off until then, or lately. */
  unwellUntil: number;
  /** What the disk makes of its next append. */
  nextAppend: AppendFate;
  /** Refresh tokens that the disk did not take. */
  refusedByDisk: Set<string>;
  /** It takes requests. */
  isReady: boolean;
  /** It takes no more, and finishes what was sent. */
  isStopping: boolean;
}

/** With the engine in it. */
export interface Instance extends Process {
  ports: RefreshPorts;
  refresher: Refresher;
  accessTokens: AccessTokens;
  /** Everything that a graceful end consists of. */
  stop(): Promise<void>;
}

/** Starts the next process in a slot, wired as the service wires it. */
export function start(world: World, slot: Slot): Instance {
  const instance = create(world, slot);
  slot.current = instance;
  world.trace.note(null, () => `${instance.name} starts`);
  world.scheduler.push({ on: instance, run: () => void run() });

  async function run(): Promise<void> {
    await joinWhenPossible(world, instance);
    instance.isReady = true;
  }
  return instance;
}

interface Startable extends Instance {
  join(): Promise<void>;
}

/** A supervisor starts a process again whose database is away. */
async function joinWhenPossible({ verdict }: World, instance: Startable): Promise<void> {
  for (;;) {
    try {
      await instance.join();
      return;
    } catch (error) {
      if (!(error instanceof ServiceError)) verdict.report("internal", null, String(error));
      await instance.ports.clock.sleep(3 * SECOND);
    }
  }
}

function create(world: World, slot: Slot): Startable {
  const process = createProcess(slot);
  const outside = createPorts(world, process, createInstanceClock(world, process));
  const { ports, refresher, accessTokens, sweep, heartbeat } = createEngine(outside.ports, {
    ...outside,
    reauthorizationUrl: ({ id }) => `https://evergrant.example/reauthorize/${id}`,
  });

  const watch = watchIncidents({ ...outside.ports, incidents: outside.incidents });

  async function join(): Promise<void> {
    await replayJournals(process.disk, ports);
    await heartbeat.start();
    sweep.start();
    if (world.plan.hasIncidents) watch.start();
  }

  async function stop(): Promise<void> {
    process.isStopping = true;
    await Promise.all([sweep.stop(), watch.stop(), refresher.drain()]);
    await heartbeat.stop();
  }
  return Object.assign(process, { ports, refresher, accessTokens, join, stop });
}

function createProcess(slot: Slot): Process {
  return {
    name: `${slot.name}.${++slot.incarnations}`,
    alive: true,
    paused: false,
    held: [],
    disk: slot.disk,
    clockOffset: 0,
    cutOffUntil: 0,
    unwellUntil: 0,
    nextAppend: "written",
    refusedByDisk: new Set(),
    isReady: false,
    isStopping: false,
  };
}

/** What a service does at its start with the journals that it can reach. */
async function replayJournals(disk: Disk, ports: RefreshPorts): Promise<void> {
  for (const [instanceId, folder] of disk.folders) {
    if (instanceId === ports.instanceId) continue;
    for (const entry of unsettledIn(folder)) await bringToStore(ports, entry);
    if (!folder.owner.alive) for (const record of folder.records) record.settled = true;
  }
}
