import { MINUTE, type Clock } from "../runtime/clock.ts";

/** Writes down once a minute how keys were used: a crash loses no more than that of it. */
export interface UsageKeeping {
  start(): void;
  /** Resolves when the last of it is written, or the store has refused it. */
  stop(): Promise<void>;
}

/** A timer may wake a moment early, and what comes then would be counted to the hour before. */
const AFTER_THE_MINUTE = 10;

/** At full minutes, so that what is written together belongs to one hour. */
export function keepUsage(clock: Clock, parts: readonly { flush(): Promise<void> }[]): UsageKeeping {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    for (;;) {
      await clock.sleep(MINUTE - (clock.now() % MINUTE) + AFTER_THE_MINUTE, stopping.signal);
      if (stopping.signal.aborted) return;
      await flush();
    }
  }

  async function flush(): Promise<void> {
    await Promise.all(parts.map((part) => part.flush()));
  }

  return {
    start: () => {
      running = run();
    },
    stop: async () => {
      stopping.abort();
      await running;
      await flush();
    },
  };
}
