import { DAY, SECOND } from "../runtime/clock.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { RefreshPorts } from "./ports.ts";
import type { Refresher } from "./refresh.ts";

export interface Sweep {
  /** Refreshes what is due until `stop` is called. */
  start(): void;
  /** Starts nothing more; resolves when the last round is over. */
  stop(): Promise<void>;
}

export interface SweepDeps extends Pick<RefreshPorts, "clock" | "connections" | "observer"> {
  refresher: Refresher;
  /** Connect sessions, whose remains are deleted now and then. */
  sessions: { prune(before: number): Promise<void> };
}

const INTERVAL = SECOND;
/** Connections started in one round, and under way at once, so that memory does not grow with their number. */
const BATCH = 64;
const MOST_UNDER_WAY = 512;
const HISTORY_KEPT = 30 * DAY;
const SESSIONS_KEPT = DAY;
const PRUNE_INTERVAL = DAY;

/** Refreshes connections ahead of need. Nobody waits on it, so one failing connection or round does not end it. */
export function createSweep(deps: SweepDeps): Sweep {
  const stopping = new AbortController();
  const underWay = new Map<string, Promise<void>>();
  let rounds: Promise<void> = Promise.resolve();
  let prunedAt = Number.NEGATIVE_INFINITY;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await round().catch((error: unknown) => deps.observer.event("sweep.failed", { code: codeOf(error) }));
      await deps.clock.sleep(INTERVAL, stopping.signal);
    }
  }

  async function round(): Promise<void> {
    // What is under way is still due; asking for more than that lets a hanging provider delay nobody else.
    const due = await deps.connections.due(BATCH + underWay.size);
    for (const id of due) {
      if (stopping.signal.aborted || underWay.size >= MOST_UNDER_WAY) break;
      if (underWay.has(id)) continue;
      const done = refresh(id).finally(() => underWay.delete(id));
      underWay.set(id, done);
    }
    if (deps.clock.monotonic() - prunedAt < PRUNE_INTERVAL) return;
    prunedAt = deps.clock.monotonic();
    await deps.connections.pruneHistory(deps.clock.now() - HISTORY_KEPT);
    await deps.sessions.prune(deps.clock.now() - SESSIONS_KEPT);
  }

  async function refresh(connectionId: string): Promise<void> {
    try {
      const held = await deps.connections.snapshot(connectionId);
      // What is not started yet when the sweep stops stays so: nobody would wait for it any more.
      if (!held || stopping.signal.aborted) return;
      await deps.refresher.refresh({ connectionId, generation: held.tokens.generation, origin: "ahead" });
    } catch (error) {
      deps.observer.event("sweep.failed", { connectionId, code: codeOf(error) });
    }
  }

  return {
    start: () => {
      rounds = run();
    },
    stop: async () => {
      stopping.abort();
      await rounds;
    },
  };
}

function codeOf(error: unknown): string {
  return error instanceof ServiceError ? error.code : "internal";
}
