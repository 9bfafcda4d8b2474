import { QUARANTINE } from "../connection/claim.ts";
import type { ClaimedSnapshot, Snapshot } from "../connection/store.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { attempt, type Flight, type OfferedClaim } from "./attempt.ts";
import { createAttemptCount } from "./brake.ts";
import { createClaimTimes } from "./claim-times.ts";
import { createClientFactsReader } from "./client-facts.ts";
import { entry } from "./history-entry.ts";
import { LEASE } from "./lease-times.ts";
import type { Held, Instant } from "./obtain-claim.ts";
import type { RefreshPorts } from "./ports.ts";
import { createRefusedSecrets } from "./refused-secrets.ts";
import type { RefreshRequest, RefreshResult } from "./request.ts";
import { createSecretUses } from "./secret-uses.ts";
import { createSetbacks } from "./setbacks.ts";
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
  /** Claims anew what is under way, in a database that came back; after a failover it may have lost the claims of anybody. */
  reassertClaims(after: "outage" | "failover"): Promise<void>;
  /** Claims and sends nothing more; resolves when everything that was sent is answered and stored. */
  drain(): Promise<void>;
}

/** `changed` is called when what was read of a connection before may not be true any more. */
export function createRefresher(ports: RefreshPorts, changed: (connectionId: string) => void = () => {}): Refresher {
  const flights = createSingleFlight<RefreshResult>();
  const attempts = createAttemptCount(ports.clock);
  const clientFacts = createClientFactsReader(ports);
  const setbacks = createSetbacks(ports.clock);
  const secretUses = createSecretUses(ports);
  const unstored = new Map<string, Snapshot>();
  const offered = new Map<string, OfferedClaim>();
  const claims = createClaimTimes(ports.clock);
  /** Each with a signal of its own, because it listens to it in several places. */
  const running = new Map<string, { flight: Flight; stopping: AbortController }>();
  let isStopping = false;
  /** When the database came back, by the monotonic clock. */
  let cameBackAt = Number.NEGATIVE_INFINITY;

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
        setbacks,
        secretUses,
        refusedSecrets: createRefusedSecrets(ports.clock),
        mayLackIntents: () => ports.clock.monotonic() - cameBackAt < LEASE + QUARANTINE,
        stopping: stopping.signal,
        confirming: false,
        holds: null,
        sent: false,
        takeClaimed: () => {
          const claim = offered.get(connectionId) ?? null;
          offered.delete(connectionId);
          return claim;
        },
        noteClaim: () => claims.note(connectionId),
        hasClaimedSince: (instant) => claims.isSince(connectionId, instant),
        journaled: (snapshot) => {
          unstored.set(connectionId, snapshot);
          changed(connectionId);
          early({ kind: "renewed" });
        },
      };
      running.set(connectionId, { flight, stopping });
      return untilDecided(flight).finally(() => {
        flight.holds = null;
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
    reassertClaims: async (after) => {
      const offers = [...offered.values()];
      const atWork = [...running.values()];
      for (const offer of offers) await reassert(ports, offer);
      // What is given back while others are asserted is not taken up again.
      for (const { flight } of atWork) if (flight.holds) await reassert(ports, flight.holds);
      if (after === "failover") cameBackAt = ports.clock.monotonic();
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
  const { connectionId, generation } = claim;
  const history = [entry("recovered_from_memory", generation, {})];
  await connections.recover({ connectionId, tokens: held.tokens, dueAt: held.lease.dueAt, history });
  claim.epoch = (await connections.reassert(claim, LEASE)) ?? claim.epoch;
}

async function untilDecided(flight: Flight): Promise<RefreshResult> {
  const looks = createLooks();
  for (;;) {
    if (flight.stopping.aborted) throw new ServiceError("shutting_down", "The service is stopping; ask again.");
    const step = await attempt(flight);
    if (step.kind === "held") await untilReplaced(flight, step, looks);
    else if (step.kind !== "again") return step;
  }
}

/** How soon to ask for the claim again: its owner may have ended, or given it back without a new token set. */
const NEXT_CLAIM = 500;

/** Another instance is at it: waits until it has stored a newer token set, or until it is time to ask for the claim again. */
async function untilReplaced(flight: Flight, { generation }: Held, looks: Looks): Promise<void> {
  const { connectionId, stopping } = flight;
  const { clock, connections } = flight.ports;
  const end = clock.monotonic() + NEXT_CLAIM;
  do {
    await clock.sleep(looks.nextIn(), stopping);
    const newest = (await connections.newestOf([connectionId])).get(connectionId);
    if (!newest || newest.generation > generation) return;
  } while (clock.monotonic() < end && !stopping.aborted);
}

interface Looks {
  /** Milliseconds until the next one. */
  nextIn(): number;
}

const FIRST_LOOK = 10;
const LONGEST_LOOK = 250;

/** What others do usually takes one exchange, so the first looks are close together. */
function createLooks(): Looks {
  let looks = 0;
  return { nextIn: () => Math.min(LONGEST_LOOK, FIRST_LOOK * 1.1 ** looks++) };
}
