import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { z } from "zod";
import { CLIENT_ID } from "./accounts.ts";
import { createChance } from "./chance.ts";
import type { DatabaseKind, SharedDatabase } from "./database.ts";
import { startLoad, type Load } from "./load.ts";
import { openProofStage, type ProofStage } from "./proof-stage.ts";
import type { ReadersTally } from "./readers.ts";

export interface RotationOptions {
  database: DatabaseKind | SharedDatabase;
  processes: number;
  /** All eager, of one client. */
  connections: number;
  /** `expires_in` of all access tokens; each connection is refreshed about twice in that time. */
  lifetimeSeconds: number;
}

/** What a change of the client secret did to connections in use. Everything but the first four must be 0 or empty. */
export interface RotationReport {
  durationMs: number;
  /** Token requests for refreshes, and those that the server answered with tokens. */
  refreshRequests: number;
  refreshed: number;
  reads: ReadersTally;
  reuseDetected: number;
  /** Processes that ended meanwhile. */
  ended: number;
  /** Connections that are not `active`, by status. */
  condemned: Record<string, number>;
  /** What is not as the drill wants it, in sentences. */
  objections: string[];
}

interface Drill {
  stage: ProofStage;
  load: Load;
  /** Of the service. */
  clientId: string;
  objections: string[];
}

const RIGHT = "the-next-secret-of-the-drill";
const WRONG = "a-mistyped-secret-of-the-drill";
const READERS = 8;
const LOOK = 5;
const PATIENCE = 120_000;

/**
 * Stages a secret that the server does not know, and then the right one, while all connections are refreshed and read: the wrong
 * one stays staged and nobody notices; the old one is dead at the server in the moment in which the right one is promoted.
 */
export async function rotateUnderLoad(options: RotationOptions): Promise<RotationReport> {
  const { database, processes, lifetimeSeconds } = options;
  const stage = await openProofStage({
    database,
    processes,
    behaviour: { accessTokenLifetimeSeconds: lifetimeSeconds, reuse: { kind: "revoke_family" } },
  });
  try {
    const drill = await openDrill(stage, options);
    const start = Date.now();
    await stageWrongOne(drill);
    await killOldOne(drill);
    await drill.load.stop();
    return await reportOf(drill, Date.now() - start);
  } finally {
    await stage.close();
  }
}

export function isFlawless({ refreshed, reads, ...report }: RotationReport): boolean {
  const { answered, ...otherwise } = reads;
  const failures = Object.values(otherwise).some((count) => count > 0);
  const { reuseDetected, ended, condemned, objections } = report;
  const harm = reuseDetected + ended + Object.keys(condemned).length + objections.length;
  return refreshed > 0 && answered > 0 && !failures && harm === 0;
}

async function openDrill(stage: ProofStage, { connections }: RotationOptions): Promise<Drill> {
  const load = await startLoad(stage, { connections, readers: READERS, chance: createChance(1) });
  const all = await rows(stage, sql`select id, client_id from connections`);
  for (const { id } of all) await stage.cluster.api("PATCH", `/v1/connections/${String(id)}`, { policy: "eager" });
  return { stage, load, clientId: String(all[0]?.["client_id"]), objections: [] };
}

async function stageWrongOne(drill: Drill): Promise<void> {
  await addSecret(drill, WRONG);
  await untilAllRefreshed(drill);
  const [wrong, old] = await secretsOf(drill);
  expectThat(drill, wrong?.state === "staged" && wrong.refusal !== null, "the wrong secret is not staged and refused");
  expectThat(drill, old?.state === "active", "the old secret is not active beside the wrong one");
  const client = await drill.stage.cluster.api("GET", `/v1/clients/${drill.clientId}`);
  expectThat(drill, client.at("status") === "active", "the client is not active beside the wrong secret");
}

/** The server takes both until the new one is promoted here, and from that moment on the new one only. */
async function killOldOne(drill: Drill): Promise<void> {
  const { control } = drill.stage.sandbox;
  await control.addClientSecret(CLIENT_ID, RIGHT);
  await addSecret(drill, RIGHT);
  await until(async () => (await statesInDatabase(drill)).includes("active, promoted"));
  await control.rotateClientSecret(CLIENT_ID, RIGHT);
  await untilAllRefreshed(drill);
  await untilAllRefreshed(drill);
  const states = (await secretsOf(drill)).map(({ state }) => state).join(", ");
  expectThat(drill, states === "active, retired, retired", `at the end the secrets are ${states}`);
}

async function addSecret({ stage, clientId }: Drill, value: string): Promise<void> {
  const body = { client_secret: value, promote: "when_proven" };
  const { status, text } = await stage.cluster.api("POST", `/v1/clients/${clientId}/secrets`, body);
  if (status !== 201) throw new Error(text);
}

const secretList = z.object({
  secrets: z.array(z.object({ state: z.string(), refusal: z.object({ code: z.string() }).nullable() })),
});

/** The newest first. */
async function secretsOf({ stage, clientId }: Drill) {
  const { body } = await stage.cluster.api("GET", `/v1/clients/${clientId}/secrets`);
  return secretList.parse(body).secrets;
}

/** Asked of the database, because that takes a fraction of the time of a call. */
async function statesInDatabase({ stage }: Drill): Promise<string[]> {
  const found = await rows(stage, sql`select state, promoted_at from client_secrets`);
  return found.map(({ state, promoted_at: at }) => `${String(state)}${at === null ? "" : ", promoted"}`);
}

async function untilAllRefreshed({ stage }: Drill): Promise<void> {
  const generations = async () => {
    const found = await rows(stage, sql`select connection_id, generation from token_sets`);
    return new Map(found.map((row) => [row["connection_id"], Number(row["generation"])]));
  };
  const before = await generations();
  await until(async () => {
    const now = await generations();
    return [...before].every(([id, generation]) => (now.get(id) ?? 0) > generation);
  });
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Two minutes were not enough: ${holds.toString()}`);
    await sleep(LOOK);
  }
}

function expectThat({ objections }: Drill, holds: boolean, otherwise: string): void {
  if (!holds) objections.push(otherwise);
}

async function reportOf({ stage, load, objections }: Drill, durationMs: number): Promise<RotationReport> {
  const { refreshRequests, refreshesSucceeded: refreshed, reuseDetected } = stage.sandbox.control.counts();
  const found = await rows(
    stage,
    sql`select status, count(*) as count from connections where status <> 'active' group by status`,
  );
  return {
    durationMs,
    refreshRequests,
    refreshed,
    reads: load.tally(),
    reuseDetected,
    ended: stage.cluster.processes().filter((running) => running.url() === null).length,
    condemned: Object.fromEntries(found.map(({ status, count }) => [String(status), Number(count)])),
    objections,
  };
}

async function rows({ shared }: ProofStage, query: ReturnType<typeof sql>): Promise<Record<string, unknown>[]> {
  const found = await shared.database.read((queries) => query.execute(queries));
  return z.array(z.record(z.string(), z.unknown())).parse(found.rows);
}
