import { LOOK_INTERVAL } from "../../src/incident/watch.ts";
import { HEARTBEAT_INTERVAL } from "../../src/refresh/instances.ts";
import { SECOND, type Clock } from "../../src/runtime/clock.ts";
import type { Runner } from "./scheduler.ts";
import { EPOCH, type World } from "./world.ts";

/** Between two rounds of the sweep, two heartbeats, and two looks after incidents. */
const BETWEEN_ROUNDS: ReadonlySet<number> = new Set([SECOND, HEARTBEAT_INTERVAL, LOOK_INTERVAL]);

/** Looks that follow one another so closely would be most of a run; they are as late here as on a busy machine. */
const LOOKS_AGAIN = 250;

/** The time as one process sees it: its wall clock may be wrong, and it sleeps through its pauses. */
export function createInstanceClock(
  { scheduler, ticks, dice }: Pick<World, "scheduler" | "ticks" | "dice">,
  runner: Runner & { clockOffset: number },
): Clock {
  return {
    now: () => EPOCH + scheduler.now() + runner.clockOffset,
    monotonic: () => scheduler.now(),
    sleep: (milliseconds, signal) =>
      signal && BETWEEN_ROUNDS.has(milliseconds)
        ? ticks.sleep(runner, milliseconds, signal)
        : sleep(milliseconds <= LOOKS_AGAIN ? dice.between(1, 30) * milliseconds : milliseconds, signal),
  };

  function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const timer = scheduler.at(scheduler.now() + milliseconds, { on: runner, run: wake });
      function wake(): void {
        timer.cancel();
        signal?.removeEventListener("abort", wake);
        resolve();
      }
      signal?.addEventListener("abort", wake);
    });
  }
}
