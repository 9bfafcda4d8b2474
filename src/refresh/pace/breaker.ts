import { MINUTE, SECOND } from "../../runtime/clock.ts";
import type { Random } from "../../runtime/random.ts";

const FAILURES = 5;
const FIRST_DELAY = 5 * SECOND;
const LONGEST_DELAY = 5 * MINUTE;

/** Delays vary by a quarter either way, so that instances do not probe together. */
const JITTER = 0.25;

export type Admission = { kind: "admitted"; probe: number | null } | { kind: "refused"; until: number };

const FREELY: Admission = { kind: "admitted", probe: null };

/**
 * Stops requests to a server that gave no answer five times in a row. After a delay, one request goes as a probe: any answer
 * closes the breaker, another failure doubles the delay. Times are monotonic milliseconds.
 */
export interface Breaker {
  /** Whether a request may go. One that carries a `probe` number is the only one until that number is reported back. */
  admit(now: number): Admission;
  /** The server spoke. Returns whether that closed the breaker. */
  answered(): boolean;
  /** A request got no answer. Returns whether that opened the breaker; an open one stays open. */
  failed(probe: number | null, now: number): boolean;
  /** The request was not made: another may be the probe. */
  release(probe: number | null): void;
  isOpen(): boolean;
  /** Until when a request would be refused; in the past if it would not be. */
  refusesUntil(now: number): number;
  /** When the next probe may go; in the past while closed. */
  probeAt(): number;
}

export function createBreaker(random: Random): Breaker {
  let failures = 0;
  let probeAt = -Infinity;
  let probe: number | null = null;
  let probes = 0;

  const isOpen = (): boolean => failures >= FAILURES;

  function delay(): number {
    const whole = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures - FAILURES));
    return whole * (1 - JITTER + 2 * JITTER * random.fraction());
  }

  function fail(now: number): void {
    failures++;
    probe = null;
    if (isOpen()) probeAt = now + delay();
  }

  function refusesUntil(now: number): number {
    return probe === null ? probeAt : now + FIRST_DELAY;
  }

  return {
    admit: (now) => {
      if (!isOpen()) return FREELY;
      const until = refusesUntil(now);
      if (until > now) return { kind: "refused", until };
      probe = ++probes;
      return { kind: "admitted", probe };
    },

    answered: () => {
      const closes = isOpen();
      failures = 0;
      probe = null;
      probeAt = -Infinity;
      return closes;
    },

    failed: (reported, now) => {
      const wasOpen = isOpen();
      // What was sent before the breaker opened says nothing new.
      if (wasOpen && (reported === null || reported !== probe)) return false;
      fail(now);
      return !wasOpen && isOpen();
    },

    release: (reported) => {
      if (reported === probe) probe = null;
    },

    isOpen,
    refusesUntil,
    probeAt: () => probeAt,
  };
}
