import type { AuthorizationServer } from "./authorization-server.ts";
import type { SimulatedDatabase } from "./database.ts";
import type { Dice } from "./dice.ts";
import type { Disk } from "./disk.ts";
import type { Faults } from "./faults.ts";
import type { Exchange } from "./network.ts";
import type { Instance } from "./instance.ts";
import type { Plan, PlannedProvider } from "./plan.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Ticks } from "./ticks.ts";
import type { Stores } from "./stores.ts";
import type { Trace } from "./trace.ts";
import type { Verdict } from "./witness/verdict.ts";
import type { Witness } from "./witness/witness.ts";

/** Epoch milliseconds of the start of every run. */
export const EPOCH = Date.UTC(2026, 0, 1);
/** A time long before every run. */
export const NEVER = Number.NEGATIVE_INFINITY;
export const TENANT = "default";

/** Everything there is in one run. */
export interface World extends Scene {
  ticks: Ticks;
  witness: Witness;
}

/** All of it but who looks on. */
export interface Scene {
  plan: Plan;
  dice: Dice;
  scheduler: Scheduler;
  faults: Faults;
  trace: Trace;
  database: SimulatedDatabase;
  stores: Stores;
  store: StoreCondition;
  providers: ProviderSite[];
  slots: Slot[];
  disks: Disk[];
  verdict: Verdict;
  state: RunState;
}

export interface RunState {
  /** Token requests so far. */
  exchanges: number;
  /** Those of which the instance has not heard yet. */
  open: Set<Exchange>;
  /** True while things go wrong. */
  isStormy: boolean;
}

/** How well the database can be reached, and what its clock says. */
export interface StoreCondition {
  awayUntil: number;
  /** Grows with each failover, which ends every call under way. */
  connection: number;
  clockOffset: number;
  /** When last; -1: never. */
  failedOverAt: number;
  clockJumpedAt: number;
}

/** A provider's server, and what is in front of it at the moment. */
export interface ProviderSite extends PlannedProvider {
  server: AuthorizationServer;
  throttledUntil: number;
  downUntil: number;
  slowUntil: number;
  /** Answers `invalid_grant` to everything. */
  badHourUntil: number;
  clientRefusedUntil: number;
  /** What it takes of its client; null when the client has no secret. */
  secrets: Set<string> | null;
  /** When it last ended one. */
  secretEndedAt: number;
  /** Connections condemned although their tokens were good, because of bad hours, and when. */
  endedInBadHour: Map<string, number>;
}

/** A place where one instance runs after another. */
export interface Slot {
  name: string;
  disk: Disk;
  incarnations: number;
  isStarting: boolean;
  current: Instance | null;
}

export function databaseTime({ scheduler, store }: Pick<Scene, "scheduler" | "store">): number {
  return EPOCH + scheduler.now() + store.clockOffset;
}

export function siteOf({ plan, providers }: Pick<Scene, "plan" | "providers">, connectionId: string): ProviderSite {
  const connection = plan.connections.find(({ id }) => id === connectionId);
  if (!connection) throw new Error(`There is no ${connectionId} in this run.`);
  return siteOfClient({ plan, providers }, connection.client);
}

export function siteOfClient({ plan, providers }: Pick<Scene, "plan" | "providers">, clientId: string): ProviderSite {
  const client = plan.clients.find(({ id }) => id === clientId);
  const site = providers.find(({ entry }) => entry.id === client?.provider);
  if (!site) throw new Error(`There is no ${clientId} in this run.`);
  return site;
}

export function livingInstances({ slots }: Pick<Scene, "slots">): Instance[] {
  return slots.flatMap(({ current }) => (current?.alive === true ? [current] : []));
}
