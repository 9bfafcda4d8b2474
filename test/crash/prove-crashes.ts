import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Counts } from "@evergrant/sandbox";
import { createChance } from "./chance.ts";
import { comeToRest } from "./come-to-rest.ts";
import { createCycles } from "./cycles.ts";
import type { DatabaseKind, SharedDatabase } from "./database.ts";
import { judge, type Judgement } from "./judge.ts";
import type { Life } from "./life.ts";
import { startLoad } from "./load.ts";
import { openProofStage, type ProofStage } from "./proof-stage.ts";
import type { ReadersTally } from "./readers.ts";

export interface CrashOptions {
  database: DatabaseKind | SharedDatabase;
  cycles: number;
  processes: number;
  connections: number;
  seed: number;
  pauses: boolean;
  /** Called after each cycle. */
  progress?: (done: number) => void;
}

export interface CrashReport extends Judgement {
  durationMs: number;
  lives: readonly Life[];
  counts: Counts;
  reads: ReadersTally;
  /** The files of the processes and their log; kept, with this report, unless it is proven. */
  folder: string;
}

/** Short lives, so that each connection is refreshed every few seconds; delays, so that kills find requests under way. */
const BEHAVIOUR = { accessTokenLifetimeSeconds: 10, tokenEndpointDelay: { fromMs: 2, toMs: 80 } };
const CLIENTS = 10;
const READERS = 8;

/** An attempt whose owner was stopped and not killed waits until its lease and the quarantine are over: two minutes. */
const REST = { afterKills: 30_000, afterPauses: 180_000 };

/** Kills processes under load, lets everything come to rest, and holds what is left against what the server committed. */
export async function proveCrashes(options: CrashOptions): Promise<CrashReport> {
  const { database, processes } = options;
  const stage = await openProofStage({ database, processes, behaviour: BEHAVIOUR, clients: CLIENTS });
  let isClean = false;
  try {
    const report = await strikeAndJudge(stage, options);
    isClean = isProven(report);
    if (!isClean) writeFileSync(join(stage.folder, "report.json"), JSON.stringify(report, null, 1));
    return report;
  } finally {
    await stage.close(!isClean);
  }
}

/** Nothing was lost that could have been kept, and nothing happened that must not. */
export function isProven({ losses, damages, reads, counts }: CrashReport): boolean {
  const ours = losses.filter(({ verdict }) => verdict.kind === "ours");
  const isExplained = counts.reuseDetected <= losses.length;
  return ours.length === 0 && isExplained && damages === 0 && reads.expired === 0 && reads.unexpected === 0;
}

async function strikeAndJudge(stage: ProofStage, options: CrashOptions): Promise<CrashReport> {
  const { cluster, sandbox, folder } = stage;
  const { connections, pauses } = options;
  const chance = createChance(options.seed);
  const begin = Date.now();
  const load = await startLoad(stage, { connections, readers: READERS, chance });
  const cycles = createCycles(cluster, { chance, pauses });
  for (let done = 1; done <= options.cycles; done++) {
    await cycles.strike();
    await load.replaceEnded();
    options.progress?.(done);
  }
  cycles.end();
  await load.stop();
  const works = await comeToRest(stage, pauses ? REST.afterPauses : REST.afterKills);
  const judgement = await judge(stage, works);
  const [reads, counts, lives] = [load.tally(), sandbox.control.counts(), cluster.lives()];
  return { ...judgement, durationMs: Date.now() - begin, lives, counts, reads, folder };
}
