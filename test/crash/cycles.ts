import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "./chance.ts";
import type { Cluster } from "./cluster.ts";
import type { EvergrantProcess } from "./evergrant-process.ts";

export interface CycleOptions {
  chance: Chance;
  /** Stop a process now and then, for up to 90 seconds, instead of killing one. */
  pauses: boolean;
}

/** The longest that a cycle waits before it strikes. */
const LONGEST_WAIT = 1200;
/** Starting at the same time; the others serve. */
const MOST_MISSING = 1;

const PAUSED_INSTEAD = 0.15;
const KILLED_WHILE_PAUSED = 0.1;
const SHORT_PAUSE = { share: 0.7, mostMs: 3_000 };
const LONGEST_PAUSE = 90_000;

/** Strikes again and again at random instants: also in the middle of a start, and of the replay that begins it. */
export interface Cycles {
  strike(): Promise<void>;
  /** Lets what is paused go on. */
  end(): void;
}

export function createCycles(cluster: Cluster, { chance, pauses }: CycleOptions): Cycles {
  let paused: { process: EvergrantProcess; timer: NodeJS.Timeout } | null = null;

  function resume(): void {
    if (!paused) return;
    clearTimeout(paused.timer);
    paused.process.resume();
    paused = null;
  }

  function pause(victim: EvergrantProcess): void {
    const short = chance.happens(SHORT_PAUSE.share);
    victim.pause();
    paused = {
      process: victim,
      timer: setTimeout(resume, chance.between(0, short ? SHORT_PAUSE.mostMs : LONGEST_PAUSE)),
    };
  }

  async function kill(victim: EvergrantProcess): Promise<void> {
    if (paused?.process === victim) {
      clearTimeout(paused.timer);
      paused = null;
    }
    await victim.kill();
    cluster.startInPlaceOf(victim);
  }

  return {
    strike: async () => {
      await cluster.untilServing(cluster.processes().length - MOST_MISSING - (paused ? 1 : 0));
      await sleep(chance.between(0, LONGEST_WAIT));
      if (paused && chance.happens(KILLED_WHILE_PAUSED)) return kill(paused.process);
      const victim = chance.pick(cluster.processes().filter((process) => process !== paused?.process));
      if (!victim) return;
      if (pauses && !paused && victim.url() !== null && chance.happens(PAUSED_INSTEAD)) pause(victim);
      else await kill(victim);
    },
    end: resume,
  };
}
