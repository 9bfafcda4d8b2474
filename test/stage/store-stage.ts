import { onTestFinished } from "vitest";
import type { Claim, ClaimRequest, DueRequest } from "../../src/connection/claim.ts";
import type { NewHistoryEntry } from "../../src/connection/history.ts";
import type { Commit, ConnectionStore, NewConnection, RefreshLease, Snapshot } from "../../src/connection/store.ts";
import type { TokenRecord } from "../../src/connection/token-record.ts";
import type { InstanceStore } from "../../src/refresh/instances.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import type { Database } from "../../src/store/database.ts";
import { createClientStore } from "../../src/store/clients.ts";
import { createConnectionStore } from "../../src/store/connections.ts";
import { createInstanceStore } from "../../src/store/instances.ts";
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
  instances: InstanceStore;
  /** Stores a connection of `cli_1` with its first token set, due after a minute unless told. */
  create(id: string, given?: Partial<NewConnection>, first?: Partial<First>): Promise<void>;
  /** As stored; throws when there is none. */
  held(id: string): Promise<Snapshot>;
  lease(id: string): Promise<RefreshLease>;
  /** The kinds of its history, oldest first. */
  kindsOf(id: string): Promise<string[]>;
  /** A sign of life of an instance that has compared with the database as it is. */
  beat(instanceId: string): Promise<void>;
  /** To a moment, with these instances giving signs of life on the way. */
  liveUntil(time: number, ...instanceIds: string[]): Promise<void>;
  /** Claims as `claimRequest` says; throws when it is not granted. */
  claim(id: string, changes?: Partial<ClaimRequest>): Promise<Claim>;
}

export const FIRST = { kind: "connected", generation: 1, detail: {} } as const;

/** A lease of which nothing is to be said, as after a success. The epoch counts the claims before. */
export const AT_REST: Omit<RefreshLease, "epoch"> = {
  dueAt: null,
  backoffUntil: 0,
  failures: 0,
  cause: null,
  owner: null,
  leaseUntil: 0,
  attemptGeneration: null,
  attemptAt: null,
  unanswered: 0,
  rejectedAt: null,
  notice: null,
};

export async function openStoreStage(kind: DatabaseKind): Promise<StoreStage> {
  const clock = createManualClock();
  const database = await kind.open(clock);
  onTestFinished(() => database.close());
  const clients = createClientStore(database);
  const connections = createConnectionStore(database);
  const instances = createInstanceStore(database);
  await clients.create(clientAt("provider", "cli_1"), null);

  async function held(id: string): Promise<Snapshot> {
    const snapshot = await connections.snapshot(id);
    if (!snapshot) throw new Error(`There is no ${id}.`);
    return snapshot;
  }

  const verified = new Map<string, number>();
  async function beat(instanceId: string): Promise<void> {
    const { incarnation } = await instances.beat(instanceId, verified.get(instanceId) ?? 0);
    if (verified.get(instanceId) === incarnation) return;
    await instances.beat(instanceId, incarnation);
    verified.set(instanceId, incarnation);
  }

  return {
    clock,
    database,
    clients,
    connections,
    instances,
    create: (id, given = {}, first = {}) => {
      const connection = { ...newConnection(id, { id: "cli_1", providerId: "provider" }), ...given };
      const { tokens, dueAt, history } = {
        tokens: tokenRecord(1),
        dueAt: clock.now() + MINUTE,
        history: FIRST,
        ...first,
      };
      return connections.create(connection, tokens, dueAt, history);
    },
    held,
    lease: async (id) => (await held(id)).lease,
    kindsOf: async (id) => {
      const entries = await connections.history(id, { limit: 100, before: null });
      return entries.map((entry) => entry.kind).toReversed();
    },
    beat,
    liveUntil: async (time, ...instanceIds) => {
      while (clock.now() < time) {
        await clock.advance(Math.min(5 * SECOND, time - clock.now()));
        for (const id of instanceIds) await beat(id);
      }
    },
    claim: async (id, changes) => {
      const result = await connections.claim(claimRequest(id, changes));
      if (result.kind !== "claimed") throw new Error(`Not granted: ${result.kind}.`);
      return result.claim;
    },
  };
}

/** A claim of the first generation by `ins_a`, for a minute, where a replay does no harm. */
export function claimRequest(connectionId: string, changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    connectionId,
    generation: 1,
    owner: "ins_a",
    leaseMs: MINUTE,
    replayableMs: Infinity,
    gone: null,
    ...changes,
  };
}

/** A claim by `ins_a` of all that is due, for a minute. */
export function dueRequest(changes: Partial<DueRequest> = {}): DueRequest {
  return { owner: "ins_a", leaseMs: MINUTE, limit: 100, exceptClients: [], ...changes };
}

/** What follows generation `generation - 1`, as a refresh would store it. */
export function commitOf(connectionId: string, generation: number, dueAt: number | null = 7): Commit {
  const history = [{ kind: "refreshed", generation, detail: {} } as const];
  return { connectionId, tokens: tokenRecord(generation), dueAt, history };
}

/** The same with a refresh token that the answer brought, and not the one before. */
export function rotationOf(connectionId: string, generation: number, dueAt: number | null = 7): Commit {
  const commit = commitOf(connectionId, generation, dueAt);
  return { ...commit, tokens: { ...commit.tokens, rotatedAt: commit.tokens.obtainedAt } };
}

/** A token set of which every field depends on its generation; one of another `sealing` has other bytes. */
export function tokenRecord(generation: number, sealing = 0): TokenRecord {
  return {
    generation,
    sealedAccessToken: Buffer.of(1, generation, sealing, 255),
    sealedRefreshToken: Buffer.of(2, generation, sealing, 255),
    tokenType: "Bearer",
    scope: [`scope-${generation}`, "with space"],
    answerFields: { instance_url: `https://host-${generation}.example` },
    obtainedAt: generation * 1000,
    origin: "ahead",
    expiresAt: generation * 1000 + 500,
    refreshExpiresAt: generation * 10_000,
    refreshTokenName: `name-${generation}-${sealing}`,
    refreshTokenMarks: null,
    rotatedAt: generation * 1000 - 1,
    dpopKey: `jkt-${generation}`,
  };
}
