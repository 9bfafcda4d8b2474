/** Wall time, elapsed time and waiting. Ranks 0 and 1 get time only through this interface. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may jump when the system's clock is set. */
  now(): number;
  /** Milliseconds that never jump, from an arbitrary origin; for deadlines and durations. */
  monotonic(): number;
  /** Resolves after `milliseconds`, or at once when `signal` is aborted. Never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Waits for `work` no longer than `milliseconds`; the work itself goes on. Returns `undefined` when time ran out. */
export async function within<T>(clock: Clock, milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  const done = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(milliseconds, done.signal).then(() => undefined)]);
  } finally {
    done.abort();
  }
}
