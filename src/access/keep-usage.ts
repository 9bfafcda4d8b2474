import { MINUTE, type Clock } from "../runtime/clock.ts";

/** Something that was noted in memory. */
export interface Usage {
  /** Writes some of it; true when there is more to write, false also when the store does not take it now. */
  writeSome(): Promise<boolean>;
}

/** Writes down once a minute how keys were used: a crash loses no more than that of it. */
export interface UsageKeeping {
  start(): void;
  /** Does not wait for the minute. */
  soon(): void;
  /** Resolves when the last of it is written, or the store has refused it. */
  stop(): Promise<void>;
}

/** A timer may wake a moment early, and what comes then would be counted to the hour before. */
const AFTER_THE_MINUTE = 10;
/** Between two writes, so that requests are answered meanwhile: SQLite keeps the whole process waiting. */
const PAUSE = 20;

/** At full minutes, so that what is written together belongs to one hour. */
export function keepUsage(clock: Clock, parts: readonly Usage[]): UsageKeeping {
  const stopping = new AbortController();
  let wake = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    for (;;) {
      await clock.sleep(MINUTE - (clock.now() % MINUTE) + AFTER_THE_MINUTE, wake.signal);
      if (stopping.signal.aborted) return;
      wake = new AbortController();
      await writeAll();
    }
  }

  async function writeAll(): Promise<void> {
    for (const part of parts) while (await part.writeSome()) await clock.sleep(PAUSE, stopping.signal);
  }

  return {
    start: () => {
      running = run();
    },
    soon: () => wake.abort(),
    stop: async () => {
      stopping.abort();
      wake.abort();
      await running;
      await writeAll();
    },
  };
}
