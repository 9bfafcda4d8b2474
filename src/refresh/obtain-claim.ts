import type { Claim } from "../connection/claim.ts";
import type { Snapshot } from "../connection/store.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Ready } from "./attempt.ts";
import { LEASE, replayableMs } from "./lease-times.ts";
import { bringFromOthers } from "./recover.ts";
import { AGAIN, type Again, type RefreshResult } from "./request.ts";

/** A claim of ours. */
export interface HeldClaim {
  claim: Claim;
  /** Right before it was asked for, so that it is not thought younger than it is. */
  claimedAt: Instant;
}

export interface Instant {
  monotonic: number;
  wall: number;
}

/** Another instance is at it, or is about to say that somebody may be. */
export interface Held {
  kind: "held";
  /** What the other is about to replace. */
  generation: number;
}

/** Claims the connection, taking over from an owner that ended (DESIGN §5.2, §5.9). */
export async function obtainClaim(ready: Ready): Promise<HeldClaim | RefreshResult | Again | Held> {
  const { flight, held, provider } = ready;
  const { ports } = flight;
  const request = {
    connectionId: held.connection.id,
    generation: held.tokens.generation,
    owner: ports.instanceId,
    leaseMs: LEASE,
    replayableMs: replayableMs(provider.replay),
  };
  for (let gone: string | null = null; ;) {
    const claimedAt = instant(ports.clock);
    const result = await ports.connections.claim({ ...request, gone });
    if (result.kind === "claimed") return { claim: result.claim, claimedAt };
    if (result.kind === "moved") return AGAIN;
    if (result.kind === "unverified") return { kind: "held", generation: request.generation };
    if (result.kind === "backing_off") return later(held, result.until);
    const isGone = ports.journal.isGone(result.owner);
    if ((isGone || result.kind === "quarantined") && (await bringFromOthers(ports, held.connection.id))) return AGAIN;
    if (gone === null && isGone) gone = result.owner;
    else if (result.kind === "held") return { kind: "held", generation: request.generation };
    else return later(held, result.until);
  }
}

export function instant(clock: Clock): Instant {
  return { monotonic: clock.monotonic(), wall: clock.now() };
}

function later({ lease }: Snapshot, until: number): RefreshResult {
  return { kind: "retry_later", cause: lease.cause ?? "provider_unavailable", retryAt: until };
}
