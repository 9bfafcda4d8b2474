import { sealTokenSet } from "../../src/connection/token-record.ts";
import type { NewConnection } from "../../src/connection/store.ts";
import { dueAt } from "../../src/refresh/due.ts";
import { SECOND } from "../../src/runtime/clock.ts";
import { secret } from "../../src/runtime/secret.ts";
import { createAuthorizationServer } from "./authorization-server.ts";
import { firstSecret, haveSecrets } from "./client-secrets.ts";
import type { SimulatedDatabase } from "./database.ts";
import { createDice } from "./dice.ts";
import { createDisk } from "./disk.ts";
import { createFaults } from "./faults.ts";
import { draw, haveIncidents, type Plan, type PlannedProvider } from "./plan.ts";
import { createScheduler } from "./scheduler.ts";
import { createStores, fillClients, type Stores } from "./stores.ts";
import { createTicks } from "./ticks.ts";
import { createTrace } from "./trace.ts";
import type { Subject } from "./witness/subject.ts";
import { createVerdict } from "./witness/verdict.ts";
import { createWitness } from "./witness/witness.ts";
import { EPOCH, livingInstances, NEVER, siteOf, TENANT, type ProviderSite, type Scene, type World } from "./world.ts";

/** Longer, and signs of life would be missed. */
const LONGEST_SKIP = 15 * SECOND;

/** The world of a seed, with its clients and connections in the database, and nobody running yet. */
export async function createWorld(scene: Scene): Promise<World> {
  await fillClients(scene.stores, scene.plan);
  const subjects = new Map<string, Subject>();
  for (const planned of scene.plan.connections) {
    subjects.set(planned.id, createSubject(scene, planned, await connect(scene, planned)));
  }
  const { scheduler, dice } = scene;
  const ticks = createTicks({ scheduler, dice, longestSkip: LONGEST_SKIP, skip: (to) => skip(scene, to) });
  return { ...scene, ticks, witness: createWitness(scene, subjects) };
}

export interface RunOptions {
  /** Keep what happens, to be read. */
  traced: boolean;
  /** Breaks the stores, to see whether that is noticed. */
  sabotage?: (stores: Stores) => Stores;
}

/** What can be made before there is a database. */
export function createScene(
  database: SimulatedDatabase,
  seed: number,
  { traced, sabotage = (stores) => stores }: RunOptions,
): Scene {
  const dice = createDice(seed);
  const plan = { ...draw(dice, haveIncidents(seed)), hasSecrets: haveSecrets(seed) };
  const scheduler = createScheduler(dice);
  const disks = Array.from({ length: Math.max(...plan.hosts) + 1 }, createDisk);
  return {
    plan,
    dice,
    scheduler,
    faults: createFaults(dice),
    trace: createTrace(traced, scheduler.now),
    database,
    stores: sabotage(createStores(database.database)),
    store: { awayUntil: 0, connection: 0, clockOffset: 0, failedOverAt: -1, clockJumpedAt: -1 },
    providers: plan.providers.map((planned) => createSite(planned, secretsAt(plan, planned), scheduler.now)),
    slots: plan.hosts.map((host, index) => ({
      name: `i${index + 1}`,
      disk: disks[host] ?? createDisk(),
      incarnations: 0,
      isStarting: false,
      current: null,
    })),
    disks,
    verdict: createVerdict(),
    state: { exchanges: 0, open: new Set(), isStormy: false },
  };
}

/** Each provider has one client. */
function secretsAt({ clients, hasSecrets }: Plan, { entry }: PlannedProvider): Set<string> | null {
  return hasSecrets
    ? new Set(clients.filter(({ provider }) => provider === entry.id).map(({ id }) => firstSecret(id)))
    : null;
}

function createSite(planned: PlannedProvider, secrets: Set<string> | null, now: () => number): ProviderSite {
  return {
    ...planned,
    server: createAuthorizationServer(now, planned.habits),
    throttledUntil: 0,
    downUntil: 0,
    slowUntil: 0,
    badHourUntil: NEVER,
    clientRefusedUntil: 0,
    secrets,
    secretEndedAt: NEVER,
    endedInBadHour: new Map(),
  };
}

type Planned = Scene["plan"]["connections"][number];

async function connect(scene: Scene, { id, client, policy }: Planned) {
  const { stores, dice } = scene;
  const { server } = siteOf(scene, id);
  const issued = server.authorize(id);
  const tokens = {
    accessToken: secret(issued.accessToken),
    refreshToken: secret(issued.refreshToken.name),
    tokenType: "Bearer",
    obtainedAt: EPOCH,
    expiresAt: EPOCH + server.habits.lifetimeSeconds * SECOND,
    refreshExpiresAt: null,
    scope: ["files"],
    answerFields: {},
    dpopKey: null,
  };
  const owner = { tenantId: TENANT, connectionId: id };
  const { sealer, connections } = stores;
  const record = await sealTokenSet(sealer, owner, tokens, { generation: 1, origin: "connect" });
  const connection = {
    id,
    tenantId: TENANT,
    clientId: client,
    providerId: siteOf(scene, id).entry.id,
    endUser: null,
    account: null,
    requestedScopes: ["files"],
    grantedScopes: ["files"],
    status: "active" as const,
    diagnosis: null,
    policy,
    labels: {},
    consentedAt: EPOCH,
    lastProvenAt: null,
  } satisfies NewConnection;
  await connections.create(connection, record, dueAt(tokens, dice), { kind: "connected", generation: 1, detail: {} });
  return issued;
}

function createSubject(scene: Scene, { id, client }: Planned, issued: Awaited<ReturnType<typeof connect>>): Subject {
  const { name, family } = issued.refreshToken;
  return {
    id,
    clientId: client,
    site: siteOf(scene, id),
    stored: scene.database.rows.tokens(id),
    claims: [],
    family,
    exchanges: [],
    delivered: new Map(),
    secured: new Set([name]),
    watched: new Set([name]),
    rolledBack: new Set(),
    issued: new Map([[issued.accessToken, null]]),
    excused: new Set(),
    endedAt: null,
    commits: [{ generation: 1, at: 0 }],
    sends: { generation: 1, firstAt: 0, count: 0 },
  };
}

/** Time in which nothing happens but signs of life; false when somebody has something to do at its next one. */
function skip(scene: Scene, to: number): boolean {
  const { scheduler, store, database } = scene;
  if (store.awayUntil > scheduler.now()) return to < store.awayUntil;
  const beating = livingInstances(scene).filter((one) => one.isReady && !one.paused && one.cutOffUntil <= to);
  const names = beating.map(({ name }) => name);
  return database.touchHeartbeats(names, EPOCH + to + store.clockOffset);
}
