import type { Clock } from "./clock.ts";
import type { Observer } from "./observer.ts";
import { codeOf } from "./service-error.ts";

/** Work that comes again and again. */
export interface Rounds {
  /** Begins with a round at once. */
  start(): void;
  /** Resolves when the round under way is over. */
  stop(): Promise<void>;
}

export interface RoundsDeps {
  clock: Clock;
  observer: Observer;
}

/** `round` is called again `interval` milliseconds after its end. One that fails is reported, and the next comes all the same. */
export function createRounds({ clock, observer }: RoundsDeps, interval: number, round: () => Promise<void>): Rounds {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await round().catch((error: unknown) => observer.event("store.failed", { code: codeOf(error) }));
      await clock.sleep(interval, stopping.signal);
    }
  }

  return {
    start: () => {
      running = run();
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
