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
  /** Counts of handed-out access tokens, which are kept as long as the history. */
  tokenReads: { prune(before: number): Promise<void> };
}

const INTERVAL = SECOND;
/** Connections claimed at once. */
const BATCH = 100;
/** Under way at once for one client, so that a slow one leaves room for the others. */
const MOST_OF_CLIENT = 256;
/** For one that nothing was sent for lately: how much its token host takes is not known yet. */
const MOST_OF_NEW_CLIENT = 32;
/** Rounds within one interval: more than there are batches to send in it. */
const MOST_ROUNDS = 100;
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
  let countedFrom = Number.NEGATIVE_INFINITY;
  let counted = 0;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const more = await round().catch(report);
      if (isHasty()) await clock.sleep(INTERVAL, stopping.signal);
      else if (!more) await pause();
    }
    await deps.readMarks.flush();
  }

  /** Claims that all come back at once, because their turn is further off than it seemed, are not made again and again. */
  function isHasty(): boolean {
    const now = clock.monotonic();
    if (now - countedFrom >= INTERVAL) {
      countedFrom = now;
      counted = 0;
    }
    return ++counted >= MOST_ROUNDS;
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
    const room = roomOf(deps.pace.capacities());
    const exceptClients = [...room.byClient].filter(([, count]) => count <= 0).map(([clientId]) => clientId);
    const due = await connections.claimDue({ owner: deps.instanceId, leaseMs: LEASE, limit, exceptClients, room });
    for (const claimed of due) take(claimed, claimedAt);
    // A client that is full now is excepted from the next round, which sees what is behind its backlog.
    return due.length === limit || noteFullClients(due, room);
  }

  /** How many more connections of each client are worth claiming: the others would only wait here. */
  function roomOf(capacities: ReadonlyMap<string, number>): { byClient: Map<string, number>; otherwise: number } {
    const known = new Set([...capacities.keys(), ...underWay.clients()]);
    const byClient = new Map<string, number>();
    for (const clientId of known) {
      const most = Math.min(MOST_OF_CLIENT, capacities.get(clientId) ?? MOST_OF_NEW_CLIENT);
      byClient.set(clientId, most - underWay.count(clientId));
    }
    return { byClient, otherwise: MOST_OF_NEW_CLIENT };
  }

  function noteFullClients(due: readonly ClaimedSnapshot[], room: ReturnType<typeof roomOf>): boolean {
    const taken = new Map<string, number>();
    for (const { held } of due) {
      const { clientId } = held.connection;
      taken.set(clientId, (taken.get(clientId) ?? 0) + 1);
    }
    const full = [...taken].filter(([clientId, count]) => count >= (room.byClient.get(clientId) ?? room.otherwise));
    for (const [clientId] of full) underWay.crowded(clientId);
    return full.length > 0;
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
    const silent = await connections.orphans(ORPHANS_AT_ONCE);
    // What is ours and not being refreshed was granted without our hearing of it, or could not be given back.
    const own = (await connections.claimedBy(deps.instanceId)).filter((id) => !refresher.isRefreshing(id));
    for (const id of [...silent, ...own]) {
      if (stopping.signal.aborted) return;
      if (underWay.has(id)) continue;
      const held = await connections.snapshot(id);
      // Somebody has come back to it, or is done with it, since it was listed.
      if (!held || held.lease.attemptGeneration === null || refresher.isRefreshing(id)) continue;
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
    await deps.tokenReads.prune(clock.now() - HISTORY_KEPT);
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
