import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { destination } from "pino";
import type { Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";

/** What a service takes from the machine it runs on, besides its settings; tests bring their own. */
export interface System {
  clock: Clock;
  random: Random;
  /** Where log lines go. */
  log: { write(line: string): void };
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const timer = setTimeout(done, Math.min(milliseconds, 2 ** 31 - 1));
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      }
      signal?.addEventListener("abort", done);
    }),
};

/** The operating system's random numbers. */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  fraction: () => Math.random(),
};

/** The real machine. Log lines are written at once, so that the last ones before a crash are there. */
export function realSystem(): System {
  return { clock: systemClock, random: systemRandom, log: destination({ sync: true }) };
}
