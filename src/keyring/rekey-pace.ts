import { SECOND, type Clock } from "../runtime/clock.ts";

/** Leaves refreshes their share of the database and of the process, however much there is to seal anew. */
export interface RekeyPace {
  /** Rows that are sealed and stored in one go: what waits for them, a refresh's commit above all, waits little. */
  readonly batch: number;
  /** Waits until so many values more are within the rate, or `signal` is aborted. */
  spend(values: number, signal: AbortSignal): Promise<void>;
}

/** At full speed a transaction of so many rows takes a few hundredths of a second. */
const LARGEST_BATCH = 200;
const VALUES_OF_A_ROW = 2;
/** Milliseconds. Shorter waits are saved up: a timer is not that precise. */
const SHORTEST_WAIT = 100;

export function createRekeyPace(clock: Clock, valuesPerSecond: number): RekeyPace {
  const atAWait = (valuesPerSecond * SHORTEST_WAIT) / SECOND;
  let paidUntil = Number.NEGATIVE_INFINITY;
  return {
    batch: Math.max(1, Math.min(LARGEST_BATCH, Math.floor(atAWait / VALUES_OF_A_ROW))),
    spend: async (values, signal) => {
      const now = clock.monotonic();
      paidUntil = Math.max(paidUntil, now) + (values / valuesPerSecond) * SECOND;
      if (paidUntil - now >= SHORTEST_WAIT) await clock.sleep(paidUntil - now, signal);
    },
  };
}
