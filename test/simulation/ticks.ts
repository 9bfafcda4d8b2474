import type { Dice } from "./dice.ts";
import type { Runner, Scheduler } from "./scheduler.ts";

/**
 * The sleeps between two rounds of a sweep and two heartbeats. While nothing else happens they may last longer than asked for,
 * as sleeps may; otherwise most of a run would be rounds that find nothing to do.
 */
export interface Ticks {
  sleep(runner: Runner, milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Makes the next tick ready if nothing comes before it. */
  advance(): void;
}

interface Tick {
  runner: Runner;
  at: number;
  wake(): void;
}

export interface TickDeps {
  scheduler: Scheduler;
  dice: Dice;
  /** The longest that a quiet time is skipped, in milliseconds. */
  longestSkip: number;
  /** Gives the signs of life that fell into a quiet time; false when it cannot be skipped. */
  skip: (to: number) => boolean;
}

const EXACT = 0.1;

export function createTicks({ scheduler, dice, longestSkip, skip }: TickDeps): Ticks {
  const ticks = new Set<Tick>();

  function next(): Tick | undefined {
    let first: Tick | undefined;
    for (const tick of ticks) {
      const { runner } = tick;
      if (!runner.alive) ticks.delete(tick);
      else if (runner.paused) hand(tick);
      else if (!first || tick.at < first.at) first = tick;
    }
    return first;
  }

  /** Who is paused wakes from it as soon as it goes on. */
  function hand(tick: Tick): void {
    ticks.delete(tick);
    scheduler.push({ on: tick.runner, run: () => tick.wake() });
  }

  function skipQuietTime(first: Tick): void {
    const to = Math.min(
      scheduler.nextAt(),
      scheduler.now() + dice.between(1000, dice.pick([longestSkip / 3, longestSkip])),
    );
    if (to <= first.at || dice.chance(EXACT) || !skip(to)) return;
    for (const tick of ticks) if (tick.at < to) tick.at = to + dice.below(1000);
    scheduler.skipTo(to);
  }

  return {
    sleep: (runner, milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const tick = { runner, at: scheduler.now() + milliseconds, wake };
        function wake(): void {
          ticks.delete(tick);
          signal.removeEventListener("abort", wake);
          resolve();
        }
        ticks.add(tick);
        signal.addEventListener("abort", wake);
      }),
    advance: () => {
      if (!scheduler.isIdle()) return;
      const first = next();
      if (!first || first.at > scheduler.nextAt()) return;
      skipQuietTime(first);
      const due = next();
      if (!due || due.at > scheduler.nextAt()) return;
      scheduler.skipTo(due.at);
      hand(due);
    },
  };
}
