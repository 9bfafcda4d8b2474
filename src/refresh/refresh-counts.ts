import type { Usage } from "../access/keep-usage.ts";
import { HOUR, MINUTE, SECOND, type Clock } from "../runtime/clock.ts";
import type { EventFields, Observer } from "../runtime/observer.ts";
import { codeOf } from "../runtime/service-error.ts";

/** How a token request for a refresh can end: `Outcome`, in which a token set is one whatever becomes of the refresh token. */
export const REFRESH_OUTCOMES = ["succeeded", "rejected", "client_fault", "retry_later", "lost"] as const;

export type RefreshOutcome = (typeof REFRESH_OUTCOMES)[number];

/** Upper bounds of what a request took, in milliseconds; the last one has none. */
const SPEEDS = [25, 50, 100, 250, 500, 1000, 2500, 5000, 15_000, Number.POSITIVE_INFINITY];

/** Token requests are added up by the minute and by the hour, and kept for so long. */
export const STEPS = [
  { step: MINUTE, keptMs: 3 * HOUR },
  { step: HOUR, keptMs: 30 * 24 * HOUR },
] as const;

/** Token requests of one client, added up over the step that begins at `at`. */
export interface RefreshCount {
  step: number;
  at: number;
  tenantId: string;
  clientId: string;
  outcome: RefreshOutcome;
  /** Place among `SPEEDS`. */
  speed: number;
  count: number;
}

export interface RefreshCountQuery {
  tenantId: string;
  /** One of `STEPS`. */
  step: number;
  /** From the step of `from` on and before `to`; epoch milliseconds. */
  from: number;
  to: number;
  clientId?: string;
  providerId?: string;
}

export interface RefreshCountStore {
  /** Adds to what is there. */
  add(counts: readonly RefreshCount[]): Promise<void>;
  /** In order of time, whatever they took. */
  series(query: RefreshCountQuery): Promise<Pick<RefreshCount, "at" | "outcome" | "count">[]>;
  /** By client, whenever they were. */
  byClient(query: RefreshCountQuery): Promise<Pick<RefreshCount, "clientId" | "outcome" | "speed" | "count">[]>;
  /** Deletes what is older than it is kept. */
  prune(): Promise<void>;
}

export interface RefreshCounts extends Usage {
  /** Counts what the engine reports, without a write for each. */
  observer: Observer;
}

export interface RefreshCountsDeps {
  clock: Clock;
  counts: Pick<RefreshCountStore, "add" | "prune">;
  /** Is told when the store does not take them. */
  observer: Observer;
}

/** Of what waits to be written beyond so many, the newer is forgotten: that is an hour of a hundred clients in trouble. */
const MOST_WAITING = 20_000;
const AT_ONCE = 500;

export function createRefreshCounts({ clock, counts, observer }: RefreshCountsDeps): RefreshCounts {
  let waiting = new Map<string, RefreshCount>();
  let prunedAt = Number.NEGATIVE_INFINITY;

  function count({ tenantId, clientId, outcome, durationMs }: EventFields): void {
    const known = REFRESH_OUTCOMES.find((each) => each === outcome);
    if (known === undefined || typeof tenantId !== "string" || typeof clientId !== "string") return;
    const speed = SPEEDS.findIndex((bound) => Number(durationMs) <= bound);
    for (const { step } of STEPS) {
      add({ step, at: beginOf(clock.now(), step), tenantId, clientId, outcome: known, speed, count: 1 });
    }
  }

  function add(given: RefreshCount): void {
    const { step, at, tenantId, clientId, outcome, speed } = given;
    const key = [step, at, tenantId, clientId, outcome, speed].join(" ");
    const before = waiting.get(key);
    if (before) before.count += given.count;
    else if (waiting.size < MOST_WAITING) waiting.set(key, given);
  }

  async function writeSome(): Promise<boolean> {
    const batch = [...waiting].slice(0, AT_ONCE);
    for (const [key] of batch) waiting.delete(key);
    try {
      if (batch.length > 0) await counts.add(batch.map(([, each]) => each));
    } catch (error) {
      for (const [, each] of batch) add(each);
      observer.event("store.failed", { code: codeOf(error) });
      return false;
    }
    await prune();
    return waiting.size > 0 && batch.length === AT_ONCE;
  }

  /** What is written stays so, whether or not what is old can be deleted. */
  async function prune(): Promise<void> {
    if (clock.monotonic() - prunedAt < HOUR) return;
    prunedAt = clock.monotonic();
    await counts.prune().catch((error: unknown) => observer.event("store.failed", { code: codeOf(error) }));
  }

  return {
    observer: { event: (name, fields = {}) => name === "refresh.answered" && count(fields) },
    writeSome,
  };
}

export function beginOf(time: number, step: number): number {
  return Math.floor(time / step) * step;
}

/** The time within which that share of requests was answered, in milliseconds; null without any. */
export function quantile(counts: readonly Pick<RefreshCount, "speed" | "count">[], share: number): number | null {
  const bySpeed = SPEEDS.map((_, speed) => sum(counts.filter((each) => each.speed === speed)));
  let wanted = share * sum(counts);
  if (wanted === 0) return null;
  for (const [speed, count] of bySpeed.entries()) {
    const from = SPEEDS[speed - 1] ?? 0;
    const to = Math.min(SPEEDS[speed] ?? LONGEST, LONGEST);
    if (count > 0 && wanted <= count) return Math.round(from + ((to - from) * wanted) / count);
    wanted -= count;
  }
  return LONGEST;
}

/** No exchange takes longer. */
const LONGEST = 60 * SECOND;

export function sum(counts: readonly Pick<RefreshCount, "count">[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}
