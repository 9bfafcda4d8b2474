import { createHeadCount } from "./head-count.ts";
import type { Lane } from "./lane.ts";
import { createLine, type Line } from "./line.ts";
import { createOrder } from "./order.ts";
import { orderOf, type Waiter } from "./waiter.ts";

/**
 * Of eight turns given to waiting ones, one goes to whoever waits longest, whatever the priority: recovery and callers keep
 * seven eighths, and nobody starves.
 */
const OLDEST_EVERY = 8;

/**
 * Everybody who waits at one host. A lane that may send nothing yet rests, and stands in nobody's way: only ready lanes are
 * looked at for the next turn. Every call costs O(log n), n being those who wait. Times are monotonic milliseconds.
 */
export interface TurnQueue {
  add(waiter: Waiter, now: number): void;
  delete(waiter: Waiter, now: number): void;
  raise(waiter: Waiter, rank: number, now: number): void;
  /** The lane's flow has changed. */
  refresh(lane: Lane, now: number): void;
  /** Makes those lanes ready whose rest is over. */
  wake(now: number): void;
  /** Whose turn it is, of the ready lanes. Each call counts as a turn. */
  next(): Waiter | undefined;
  /** When there is somebody whose turn could be next: at once, a time to come, or never (`Infinity`). */
  readyAt(): number;
  /** How many of this rank or before it compete for the host's turns. */
  ready(rank: number): number;
  /** How many of this rank or before it wait in the lane. */
  waiting(lane: Lane, rank: number): number;
  /** Everybody who waits in the lane. */
  waiters(lane: Lane): Waiter[];
  /** Who is the first to lose patience, and when (`Infinity`). */
  firstToLeave(): Waiter | undefined;
  firstDeadline(): number;
}

export function createTurnQueue(): TurnQueue {
  const lines = new Map<Lane, Line>();
  const byNeed = createOrder<Lane>();
  const byArrival = createOrder<Lane>();
  const resting = createOrder<Lane>();
  const deadlines = createOrder<Waiter>();
  const readyHeads = createHeadCount();
  let turns = 0;

  /** Lets `change` alter a lane's line, and puts the lane where it belongs then. */
  function alter(lane: Lane, now: number, change?: (line: Line) => void): void {
    const line = lines.get(lane) ?? createLine();
    takeOut(lane, line);
    change?.(line);
    const first = line.first();
    const oldest = line.oldest();
    if (first === undefined || oldest === undefined) return void lines.delete(lane);
    lines.set(lane, line);
    const readyAt = lane.flow.readyAt(now);
    if (readyAt > now) return resting.set(lane, readyAt);
    byNeed.set(lane, orderOf(first));
    byArrival.set(lane, oldest.arrival);
    readyHeads.addAll(line.heads, 1);
  }

  function takeOut(lane: Lane, line: Line): void {
    if (byNeed.has(lane)) readyHeads.addAll(line.heads, -1);
    byNeed.delete(lane);
    byArrival.delete(lane);
    resting.delete(lane);
  }

  return {
    add: (waiter, now) => {
      deadlines.set(waiter, waiter.deadline);
      alter(waiter.lane, now, (line) => line.add(waiter));
    },

    delete: (waiter, now) => {
      deadlines.delete(waiter);
      alter(waiter.lane, now, (line) => line.delete(waiter));
    },

    raise: (waiter, rank, now) =>
      alter(waiter.lane, now, (line) => {
        line.delete(waiter);
        waiter.rank = rank;
        line.add(waiter);
      }),

    refresh: (lane, now) => {
      if (lines.has(lane)) alter(lane, now);
    },

    wake: (now) => {
      for (let lane = resting.first(); lane && resting.firstKey() <= now; lane = resting.first()) alter(lane, now);
    },

    next: () => {
      const oldest = (turns + 1) % OLDEST_EVERY === 0;
      const lane = (oldest ? byArrival : byNeed).first();
      const line = lane && lines.get(lane);
      if (line === undefined) return undefined;
      turns++;
      return oldest ? line.oldest() : line.first();
    },

    readyAt: () => (byNeed.first() === undefined ? resting.firstKey() : -Infinity),
    ready: (rank) => readyHeads.upTo(rank),
    waiting: (lane, rank) => lines.get(lane)?.heads.upTo(rank) ?? 0,
    waiters: (lane) => [...(lines.get(lane)?.waiters() ?? [])],
    firstToLeave: () => deadlines.first(),
    firstDeadline: () => deadlines.firstKey(),
  };
}
