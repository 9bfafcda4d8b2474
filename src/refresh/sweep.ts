import type { ClaimedSnapshot } from "../connection/store.ts";
import { DAY, SECOND } from "../runtime/clock.ts";
import { codeOf } from "../runtime/service-error.ts";
import { LEASE } from "./lease-times.ts";
import { instant, type Instant } from "./obtain-claim.ts";
import type { RefreshPorts } from "./ports.ts";
import type { ReadMarks } from "./read-marks.ts";
import type { Refresher } from "./refresh.ts";
import { createUnderWay, MOST_UNDER_WAY } from "./under-way.ts";

export interface Sweep {
  /** Refreshes what is due until `stop` is called. */
  start(): void;
  /** Claims nothing more; resolves when the last round is over. */
  stop(): Promise<void>;
}

export interface SweepDeps extends Pick<RefreshPorts, "clock" | "connections" | "observer" | "pace" | "instanceId"> {
  refresher: Refresher;
  readMarks: ReadMarks;
  /** Connect sessions, whose remains are deleted now and then. */
  sessions: { prune(before: number): Promise<void> };
}

const INTERVAL = SECOND;
/** Connections claimed at once. */
const BATCH = 100;
/** Under way at once for one client, so that a slow one leaves room for the others. */
const MOST_OF_CLIENT = 256;
/** For one that nothing was sent for lately: how much its token host takes is not known yet. */
const MOST_OF_NEW_CLIENT = 32;
const ORPHANS_AT_ONCE = 256;
const HISTORY_KEPT = 30 * DAY;
const SESSIONS_KEPT = DAY;
const PRUNE_INTERVAL = DAY;

/** Refreshes connections ahead of need. Nobody waits on it, so one failing connection or round does not end it. */
export function createSweep(deps: SweepDeps): Sweep {
  const { clock, connections, refresher } = deps;
  const stopping = new AbortController();
  const underWay = createUnderWay();
  let rounds: Promise<void> = Promise.resolve();
  let prunedAt = Number.NEGATIVE_INFINITY;
  let orphansAt = Number.NEGATIVE_INFINITY;
  let failing = false;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const more = await round().catch(report);
      if (!more) await pause();
    }
    await deps.readMarks.flush();
  }

  /** Until the next round is due, or there is room for what had to be left. */
  async function pause(): Promise<void> {
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    if (stopping.signal.aborted) return;
    stopping.signal.addEventListener("abort", wake);
    underWay.onRoom(wake);
    await clock.sleep(INTERVAL, woken.signal);
    stopping.signal.removeEventListener("abort", wake);
  }

  /** True when there may be more to claim at once. */
  async function round(): Promise<boolean> {
    if (clock.monotonic() - orphansAt >= INTERVAL) await adoptOrphans();
    const full = await claimDue();
    if (!full) {
      await deps.readMarks.flush();
      await prune();
    }
    failing = false;
    return full;
  }

  async function claimDue(): Promise<boolean> {
    const limit = Math.min(BATCH, MOST_UNDER_WAY - underWay.size());
    if (limit <= 0) return false;
    const claimedAt = instant(clock);
    const capacities = deps.pace.capacities();
    const exceptClients = [...capacities.keys()].filter((clientId) => isFull(clientId, capacities));
    const due = await connections.claimDue({ owner: deps.instanceId, leaseMs: LEASE, limit, exceptClients });
    for (const claimed of due) {
      if (isFull(claimed.held.connection.clientId, capacities)) giveBack(claimed);
      else take(claimed, claimedAt);
    }
    return due.length === limit;
  }

  /** Whether more of the client's connections would only wait here, while another instance may have room for them. */
  function isFull(clientId: string, capacities: ReadonlyMap<string, number>): boolean {
    const most = Math.min(MOST_OF_CLIENT, capacities.get(clientId) ?? MOST_OF_NEW_CLIENT);
    if (underWay.count(clientId) < most) return false;
    underWay.crowded(clientId);
    return true;
  }

  function giveBack({ claim }: ClaimedSnapshot): void {
    follow(claim.connectionId, "", connections.release({ claim, answered: true }));
  }

  function take(claimed: ClaimedSnapshot, claimedAt: Instant): void {
    const { id, clientId } = claimed.held.connection;
    follow(id, clientId, refresher.refreshClaimed(claimed, claimedAt));
  }

  /**
   * Connections whose instance ended in mid-exchange: what can only be saved now goes before what is due. What the instance's
   * journal does not have is sent again as the provider allows.
   */
  async function adoptOrphans(): Promise<void> {
    orphansAt = clock.monotonic();
    for (const id of await connections.orphans(ORPHANS_AT_ONCE)) {
      if (stopping.signal.aborted) return;
      if (underWay.has(id)) continue;
      const held = await connections.snapshot(id);
      if (!held) continue;
      const { generation } = held.tokens;
      follow(id, held.connection.clientId, refresher.refresh({ connectionId: id, generation, origin: "ahead" }));
    }
  }

  function follow(connectionId: string, clientId: string, work: Promise<unknown>): void {
    underWay.add(connectionId, clientId);
    void work
      .catch((error: unknown) => {
        const code = codeOf(error);
        if (code !== "shutting_down") deps.observer.event("sweep.failed", { connectionId, code });
      })
      .finally(() => underWay.delete(connectionId));
  }

  async function prune(): Promise<void> {
    if (clock.monotonic() - prunedAt < PRUNE_INTERVAL) return;
    prunedAt = clock.monotonic();
    await connections.prune(clock.now() - HISTORY_KEPT);
    await deps.sessions.prune(clock.now() - SESSIONS_KEPT);
  }

  /** Once for a trouble that lasts, not once a second. */
  function report(error: unknown): false {
    if (!failing) deps.observer.event("sweep.failed", { code: codeOf(error) });
    failing = true;
    return false;
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
