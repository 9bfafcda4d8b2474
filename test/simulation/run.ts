import { HOUR, SECOND } from "../../src/runtime/clock.ts";
import { calm, expireEverything, superviseSlots, unleash } from "./chaos.ts";
import { createScene, createWorld, type RunOptions } from "./create-world.ts";
import type { SimulatedDatabase } from "./database.ts";
import type { FaultKind } from "./faults.ts";
import { start } from "./instance.ts";
import { read } from "./people.ts";
import { judgeLoss, unrest } from "./witness/rest.ts";
import type { Trace } from "./trace.ts";
import type { Subject } from "./witness/subject.ts";
import type { Breach } from "./witness/verdict.ts";
import { databaseTime, livingInstances, NEVER, type World } from "./world.ts";

/** What came of one seed. */
export interface Run {
  seed: number;
  breach: Breach | null;
  faults: ReadonlyMap<FaultKind, number>;
  steps: number;
  /** Token requests. */
  exchanges: number;
  /** Virtual milliseconds until everything was at rest. */
  duration: number;
  /** What happened; empty unless it was asked for. */
  trace: Trace;
}

/** How long everything may take to come to rest: a brake's patience, and back-offs after it. */
const PATIENCE = 6 * HOUR;
const LONGEST_STORM = 2 * HOUR;

/** Plays one seed to its end. */
export async function runSeed(database: SimulatedDatabase, seed: number, options: RunOptions): Promise<Run> {
  const scene = createScene(database, seed, options);
  database.begin(() => databaseTime(scene));
  try {
    return await play(await createWorld(scene), seed);
  } finally {
    database.end();
  }
}

async function play(world: World, seed: number): Promise<Run> {
  const { scheduler, verdict, faults, trace } = world;
  let steps = 0;

  async function go(isEnough: () => boolean): Promise<void> {
    while (verdict.breach() === null && !isEnough()) {
      superviseSlots(world);
      world.ticks.advance();
      if (!(await scheduler.step())) throw new Error(`Seed ${seed}: nothing happens any more.`);
      steps++;
    }
  }

  for (const slot of world.slots) start(world, slot);
  await go(() => livingInstances(world).every(({ isReady }) => isReady));
  world.database.replicate();
  world.state.isStormy = true;
  unleash(world);
  readAtRandom(world);
  await go(() => isStormOver(world));
  calm(world);
  expireEverything(world);
  await settle(world, go);
  return {
    seed,
    breach: verdict.breach(),
    faults: faults.counts(),
    steps,
    exchanges: world.state.exchanges,
    duration: scheduler.now(),
    trace,
  };
}

/** As many faults as were wanted; a bad hour that the run is about is waited for. */
function isStormOver({ faults, plan, scheduler, providers }: World): boolean {
  const now = scheduler.now();
  if (now > LONGEST_STORM) return true;
  const isBadHour = plan.isCrowd && providers.every(({ badHourUntil }) => badHourUntil === NEVER || badHourUntil > now);
  return faults.total() >= plan.faultsWanted && !isBadHour;
}

/** Nothing goes wrong any more: everything has to come to rest, and rightly. */
async function settle(world: World, go: (isEnough: () => boolean) => Promise<void>): Promise<void> {
  const { scheduler, witness, verdict } = world;
  const subjects = [...witness.subjects.values()];
  const since = new Map(subjects.map(({ id, stored }) => [id, stored.generation]));
  const end = scheduler.now() + PATIENCE;
  const restless = (): { subject: Subject; why: string }[] =>
    subjects.flatMap((subject) => {
      const why = unrest(world, subject, since.get(subject.id) ?? 0);
      return why === null ? [] : [{ subject, why }];
    });
  for (let left = restless(); left.length > 0; left = restless()) {
    const [first] = left;
    if (verdict.breach() !== null) return;
    if (first && scheduler.now() > end) return verdict.report("rest", first.subject.id, `at the end ${first.why}`);
    for (const { subject } of left) read(world, subject.id);
    const next = scheduler.now() + 20 * SECOND;
    await go(() => scheduler.now() >= next);
  }
  for (const subject of subjects) judgeLoss(world, subject);
}

function readAtRandom(world: World): void {
  const { scheduler, dice, plan } = world;
  const run = (): void => {
    if (!world.state.isStormy) return;
    read(world, dice.pick(plan.connections).id);
    scheduler.at(scheduler.now() + dice.between(500, 20_000), { on: null, run });
  };
  run();
}
