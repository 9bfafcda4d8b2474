import { HOUR, MINUTE, type Clock } from "../runtime/clock.ts";

/** Rejections of one client are counted over this time (DESIGN §5.11). */
export const BRAKE_WINDOW = 5 * MINUTE;

/** A rejection that stays one for this long is believed, however many there are: a provider's bad hour is over by then. */
export const BRAKE_PATIENCE = HOUR;

const ALWAYS_TOLERATED = 20;
const TOLERATED_SHARE = 0.02;

/** Connections of one client that may be rejected in the window before the client is braked. */
export function toleratedRejections(attempts: number): number {
  return Math.max(ALWAYS_TOLERATED, Math.floor(attempts * TOLERATED_SHARE));
}

/** Token requests of this instance by client, over about the last window. */
export interface AttemptCount {
  add(clientId: string): void;
  of(clientId: string): number;
}

/** Counts in two halves, so that what is old goes without being kept one by one. */
export function createAttemptCount(clock: Clock): AttemptCount {
  const half = BRAKE_WINDOW / 2;
  let current = new Map<string, number>();
  let previous = new Map<string, number>();
  let startedAt = clock.monotonic();

  function turnOver(): void {
    const elapsed = clock.monotonic() - startedAt;
    if (elapsed < half) return;
    previous = elapsed < 2 * half ? current : new Map();
    current = new Map();
    startedAt = clock.monotonic();
  }

  return {
    add: (clientId) => {
      turnOver();
      current.set(clientId, (current.get(clientId) ?? 0) + 1);
    },
    of: (clientId) => {
      turnOver();
      return (current.get(clientId) ?? 0) + (previous.get(clientId) ?? 0);
    },
  };
}
