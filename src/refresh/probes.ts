import type { Snapshot } from "../connection/store.ts";
import { SECOND } from "../runtime/clock.ts";
import { createRounds, type Rounds } from "../runtime/rounds.ts";
import { codeOf } from "../runtime/service-error.ts";
import type { RefreshPorts } from "./ports.ts";
import { probe, type ProbeOutcome } from "./probe.ts";
import type { Refresher } from "./refresh.ts";

export interface ProbeStore {
  /**
   * Takes connections that are to be looked at, and puts each off for a day, so that one instance has it. `due` are those that are
   * live, that nothing has proven for as long as their client allows, and whose access token has not expired.
   */
  claim(limit: number): Promise<{ looked: number; due: Snapshot[] }>;
  /** Milliseconds since the provider last confirmed the live connection for which that is longest ago; null without any. */
  oldestProof(): Promise<number | null>;
}

export type ProbesDeps = RefreshPorts & { probes: Pick<ProbeStore, "claim">; refresher: Pick<Refresher, "refresh"> };

const INTERVAL = 10 * SECOND;
/** In one round, by this instance. */
const MOST_PROBES = 20;
const MOST_LOOKS = 1_000;
const BATCH = 20;

/**
 * Asks about connections that nobody proves otherwise, with the access token that they have. No refresh is made for it: where the
 * provider does not know the token, that is what a caller could report too, and leads to the same one refresh, whose answer counts.
 */
export function createProbes(deps: ProbesDeps): Rounds {
  const stopping = new AbortController();
  const rounds = createRounds(deps, INTERVAL, async () => {
    let probed = 0;
    for (let looks = 0; looks < MOST_LOOKS && probed < MOST_PROBES && !stopping.signal.aborted;) {
      const { looked, due } = await deps.probes.claim(BATCH);
      await Promise.all([...byProvider(due)].map((some) => probeInTurn(deps, some, stopping.signal)));
      if (looked < BATCH) return;
      looks += looked;
      probed += due.length;
    }
  });
  return {
    start: () => rounds.start(),
    stop: async () => {
      stopping.abort();
      await rounds.stop();
    },
  };
}

function byProvider(due: readonly Snapshot[]): Iterable<Snapshot[]> {
  const groups = new Map<string, Snapshot[]>();
  for (const held of due) {
    const { providerId } = held.connection;
    groups.set(providerId, [...(groups.get(providerId) ?? []), held]);
  }
  return groups.values();
}

/** One at a time of a provider; one that is in trouble is left alone until the next look. */
async function probeInTurn(deps: ProbesDeps, due: readonly Snapshot[], stopping: AbortSignal): Promise<void> {
  for (const held of due) {
    if (stopping.aborted) return;
    const outcome = await probeOne(deps, held).catch((error: unknown) => {
      deps.observer.event("store.failed", { connectionId: held.connection.id, code: codeOf(error) });
      return null;
    });
    if (outcome === null || outcome === "unclear") return;
  }
}

async function probeOne(deps: ProbesDeps, held: Snapshot): Promise<ProbeOutcome> {
  const connectionId = held.connection.id;
  const outcome = await probe(deps, held);
  deps.observer.event("connection.probed", { connectionId, outcome });
  if (outcome === "accepted") await deps.connections.markProven(connectionId);
  if (outcome === "refused" && held.tokens.sealedRefreshToken !== null) {
    const { generation } = held.tokens;
    await deps.refresher.refresh({ connectionId, generation, origin: "rejected" });
  }
  return outcome;
}
