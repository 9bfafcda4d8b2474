import type { ClaimedSnapshot, Snapshot } from "../connection/store.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { attempt, type Flight, type OfferedClaim } from "./attempt.ts";
import { createAttemptCount } from "./brake.ts";
import { createClientFactsReader } from "./client-facts.ts";
import { entry } from "./history-entry.ts";
import { LEASE } from "./lease-times.ts";
import type { Instant } from "./obtain-claim.ts";
import type { RefreshPorts } from "./ports.ts";
import type { RefreshRequest, RefreshResult } from "./request.ts";
import { createSingleFlight } from "./single-flight.ts";

export interface Refresher {
  /**
   * Refreshes once, together with everybody who asks meanwhile, in this process and in others. The exchange is detached from
   * its callers: who stops waiting does not stop it. Rejects only when the store cannot be used; nothing is lost then.
   */
  refresh(request: RefreshRequest): Promise<RefreshResult>;
  /** Refreshes what `claimDue` gave, when it was asked at `claimedAt`; the claim is used or given back. */
  refreshClaimed(due: ClaimedSnapshot, claimedAt: Instant): Promise<RefreshResult>;
  isRefreshing(connectionId: string): boolean;
  /** A token set that is in the journal, and that the store has not taken yet. */
  unstored(connectionId: string): Snapshot | null;
  /** Claims anew what is under way, in a database that came back and may have lost the claims. */
  reassertClaims(): Promise<void>;
  /** Claims and sends nothing more; resolves when everything that was sent is answered and stored. */
  drain(): Promise<void>;
}

/** `changed` is called when what was read of a connection before may not be true any more. */
export function createRefresher(ports: RefreshPorts, changed: (connectionId: string) => void = () => {}): Refresher {
  const flights = createSingleFlight<RefreshResult>();
  const attempts = createAttemptCount(ports.clock);
  const clientFacts = createClientFactsReader(ports);
  const unstored = new Map<string, Snapshot>();
  const offered = new Map<string, OfferedClaim>();
  /** Each with a signal of its own, because it listens to it in several places. */
  const running = new Map<string, { flight: Flight; stopping: AbortController }>();
  let isStopping = false;

  function run({ connectionId, generation, origin }: RefreshRequest): Promise<RefreshResult> {
    if (origin !== "ahead") hurry(connectionId);
    return flights.run(connectionId, (early) => {
      const stopping = new AbortController();
      if (isStopping) stopping.abort();
      const flight: Flight = {
        ports,
        connectionId,
        origin,
        isAwaited: origin !== "ahead",
        wanting: generation,
        attempts,
        clientFacts,
        stopping: stopping.signal,
        confirming: false,
        holds: null,
        sent: false,
        takeClaimed: () => {
          const claim = offered.get(connectionId) ?? null;
          offered.delete(connectionId);
          return claim;
        },
        journaled: (snapshot) => {
          unstored.set(connectionId, snapshot);
          changed(connectionId);
          early({ kind: "renewed" });
        },
      };
      running.set(connectionId, { flight, stopping });
      return untilDecided(flight).finally(() => {
        running.delete(connectionId);
        unstored.delete(connectionId);
        // Another instance may have written what this one is about to read.
        changed(connectionId);
      });
    });
  }

  /** Somebody waits for what may have begun with nobody waiting. */
  function hurry(connectionId: string): void {
    const current = running.get(connectionId);
    if (current) current.flight.isAwaited = true;
    ports.pace.raise(connectionId, "caller");
  }

  async function refreshClaimed(due: ClaimedSnapshot, claimedAt: Instant): Promise<RefreshResult> {
    const { connectionId, generation } = due.claim;
    const offer = { ...due, claimedAt };
    offered.set(connectionId, offer);
    try {
      return await run({ connectionId, generation, origin: "ahead" });
    } finally {
      // A flight that was ending just then has not seen the claim.
      if (offered.get(connectionId) === offer) {
        offered.delete(connectionId);
        await ports.connections.release({ claim: due.claim, answered: true });
      }
    }
  }

  return {
    refresh: run,
    refreshClaimed,
    reassertClaims: async () => {
      const atWork = [...running.values()].flatMap(({ flight: { holds } }) => (holds ? [holds] : []));
      for (const claimed of [...offered.values(), ...atWork]) await reassert(ports, claimed);
    },
    isRefreshing: (connectionId) => running.has(connectionId),
    unstored: (connectionId) => unstored.get(connectionId) ?? null,
    drain: async () => {
      isStopping = true;
      for (const { stopping } of running.values()) stopping.abort();
      await Promise.allSettled(flights.inFlight());
    },
  };
}

/** The database may also have lost the token set that the claim is for. */
async function reassert({ connections }: RefreshPorts, { claim, held }: ClaimedSnapshot): Promise<void> {
  const epoch = (await connections.reassert(claim, LEASE)) ?? (await afterRecovery());
  claim.epoch = epoch ?? claim.epoch;

  async function afterRecovery(): Promise<number | null> {
    const { tokens, lease } = held;
    const { connectionId, generation } = claim;
    const history = [entry("recovered_from_memory", generation, {})];
    const { kind } = await connections.recover({ connectionId, tokens, dueAt: lease.dueAt, history });
    return kind === "committed" ? connections.reassert(claim, LEASE) : null;
  }
}

async function untilDecided(flight: Flight): Promise<RefreshResult> {
  for (let waits = 0; ;) {
    if (flight.stopping.aborted) throw new ServiceError("shutting_down", "The service is stopping; ask again.");
    const step = await attempt(flight);
    if (step.kind === "held") await flight.ports.clock.sleep(pollInterval(waits++), flight.stopping);
    else if (step.kind !== "again") return step;
  }
}

const FIRST_POLL = 20;
const LONGEST_POLL = 250;

/** Another instance is at it. That usually takes one exchange, so the first looks are close together. */
function pollInterval(waits: number): number {
  return Math.min(LONGEST_POLL, FIRST_POLL * 1.2 ** waits);
}
