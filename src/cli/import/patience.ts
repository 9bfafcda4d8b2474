import { MINUTE, SECOND, type Clock } from "../../runtime/clock.ts";
import { CommandFailure } from "../command-failure.ts";

/**
 * Asks, and asks again while whoever is asked is unreachable, overloaded or wants fewer requests, so that everything asked through
 * it may be repeated. Throws the last failure.
 */
export type InTime = <T>(ask: () => Promise<T>) => Promise<T>;

const MOST_ATTEMPTS = 8;
const LONGEST_WAIT = MINUTE;
/** As long as somebody says at most. */
const LONGEST_ASKED = 15 * MINUTE;

/** What runs at once waits together: who is told to wait makes the others wait too. `signal` ends every wait. */
export function createPatience(clock: Clock, signal: AbortSignal): InTime {
  let pausedUntil = 0;
  const resumed = async (): Promise<void> => {
    for (let left = pausedUntil - clock.monotonic(); left > 0 && !signal.aborted;) {
      await clock.sleep(left, signal);
      left = pausedUntil - clock.monotonic();
    }
  };
  return async (ask) => {
    for (let attempt = 1; ; attempt++) {
      await resumed();
      try {
        return await ask();
      } catch (error) {
        if (!isPassing(error) || attempt === MOST_ATTEMPTS || signal.aborted) throw error;
        pausedUntil = Math.max(pausedUntil, clock.monotonic() + waitFor(error, attempt));
      }
    }
  };
}

function isPassing(error: unknown): error is CommandFailure {
  return error instanceof CommandFailure && error.facts.exit === "unavailable";
}

function waitFor({ facts }: CommandFailure, attempt: number): number {
  const asked = facts.more?.["retry_after"];
  if (typeof asked === "number" && asked >= 0) return Math.min(asked * SECOND, LONGEST_ASKED);
  return Math.min(SECOND * 2 ** (attempt - 1), LONGEST_WAIT);
}
