import type { Lane } from "./lane.ts";
import type { NoTurn, Turn } from "./pace.ts";

/** A request that waits for its turn. */
export interface Waiter {
  key: string;
  lane: Lane;
  /** Place of its priority among `PRIORITIES`: 0 goes first. */
  rank: number;
  /** Counts the arrivals at the host. */
  arrival: number;
  /** When its patience ends (monotonic milliseconds). */
  deadline: number;
  /** Set if it goes as the breaker's probe. */
  probe: number | null;
  answer(turn: Turn | NoTurn): void;
  /** Moves it to the place of another rank. */
  raise(rank: number): void;
}

/** More than will ever arrive, so that rank decides before arrival; their sums are still exact numbers. */
const ARRIVALS = 2 ** 45;

/** Who has to be served first has the least. */
export function orderOf(waiter: Waiter): number {
  return waiter.rank * ARRIVALS + waiter.arrival;
}
