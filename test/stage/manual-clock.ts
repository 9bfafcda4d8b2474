import type { Clock } from "../../src/runtime/clock.ts";

export interface ManualClock extends Clock {
  /** Moves time on, waking every sleeper whose time comes, in order, and lets what they start run. */
  advance(milliseconds: number): Promise<void>;
  /** Moves time on at once: whoever sleeps meanwhile wakes once, and late, as after a suspended machine. */
  leap(milliseconds: number): Promise<void>;
  /** Sets the wall clock forward or back; nobody who sleeps notices. */
  jump(milliseconds: number): void;
}

/** Time that stands still until a test moves it. */
export function createManualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsed = 0;
  let wall = start;
  let sleepers: { at: number; wake: () => void }[] = [];

  async function advance(milliseconds: number): Promise<void> {
    const end = elapsed + milliseconds;
    for (;;) {
      await settle();
      const next = sleepers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (!next) break;
      elapsed = Math.max(elapsed, next.at);
      next.wake();
    }
    elapsed = end;
    await settle();
  }

  return {
    now: () => wall + elapsed,
    monotonic: () => elapsed,
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        const sleeper = { at: elapsed + Math.max(0, milliseconds), wake };
        function wake(): void {
          signal?.removeEventListener("abort", wake);
          sleepers = sleepers.filter((other) => other !== sleeper);
          resolve();
        }
        sleepers.push(sleeper);
        signal?.addEventListener("abort", wake);
      }),
    advance,
    leap: (milliseconds) => {
      elapsed += milliseconds;
      return advance(0);
    },
    jump: (milliseconds) => void (wall += milliseconds),
  };
}

/** Lets promise reactions and finished I/O callbacks run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
