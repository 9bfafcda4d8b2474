import { isHeldFor } from "../connection/cause.ts";
import { PROBE_INTERVAL } from "../client/client.ts";
import type { Claim } from "../connection/claim.ts";
import { isLive } from "../connection/connection.ts";
import { isUnconfirmed } from "../connection/notice.ts";
import { SECOND } from "../runtime/clock.ts";
import type { Ready } from "./attempt.ts";
import { consentEnd } from "./consent-end.ts";
import { lifeLeft, restUntil } from "./due.ts";
import { leftUntil, restingUntil } from "./keep-alive.ts";
import { mayRotate, quietUntil } from "./lease-times.ts";
import { bringToStore } from "./recover.ts";
import { AGAIN, type Again, type RefreshResult } from "./request.ts";
import { endWithoutRefreshToken } from "./settle.ts";
import { unansweredSince } from "./unanswered-since.ts";

/** Nothing is sent. `dueAt`: when the connection is to be looked at again by itself; undefined: as before. */
export interface Reason {
  step: RefreshResult | Again;
  dueAt?: number | null;
}

/** Why nothing is to be sent for a connection now; null when something is. `claim`: it was claimed because its time came. */
export async function reasonNotTo(ready: Ready, claim: Claim | null): Promise<Reason | null> {
  const { flight, held } = ready;
  const { ports, wanting } = flight;
  const now = ports.clock.now();
  if (!isLive(held.connection.status)) return { step: { kind: "ended" } };
  if (held.tokens.generation > wanting) return { step: { kind: "renewed" } };
  if (await knowsMore(ready)) return { step: AGAIN };
  if (!held.tokens.sealedRefreshToken) {
    return lifeLeft(held.tokens, now) > 0
      ? { step: { kind: "unchanged" }, dueAt: held.tokens.expiresAt }
      : { step: await endWithoutRefreshToken(ports, held) };
  }
  const resting = restsUntil(ready, claim, now);
  if (resting !== null) return { step: { kind: "resting" }, dueAt: resting };
  const wait = quiet(ready, claim, now) ?? (await reasonToWait(ready, now));
  return wait && { step: wait, dueAt: wait.retryAt };
}

/** Until when nobody needs a refresh, and nobody waits for one; else null. */
function restsUntil({ flight, held, client, provider }: Ready, claim: Claim | null, now: number): number | null {
  // A lost answer is asked for again while the provider still gives it, whether or not anybody reads.
  if (unansweredSince(held, claim) !== null) return null;
  // The provider told of something, and whether the connection still works is what the refresh is to find out.
  if (isUnconfirmed(held)) return null;
  const left = flight.isAwaited ? null : leftUntil(held, provider, now);
  if (left !== null || claim === null) return left;
  return restingUntil(held, { provider, end: consentEnd({ ...held, client, provider }) }, now);
}

/** The database came back without a commit of ours: the old refresh token must not be sent. */
async function knowsMore({ flight: { ports }, held: { connection, tokens } }: Ready): Promise<boolean> {
  const newest = ports.journal.newest(connection.id);
  if (!newest || newest.tokens.generation <= tokens.generation) return false;
  await bringToStore(ports, newest);
  return true;
}

/** A lost request of a replay window that has closed may still be under way. Whoever holds the lease is waited for longer. */
function quiet({ held, provider }: Ready, claim: Claim | null, now: number): Wait | null {
  if (claim === null && held.lease.owner !== null) return null;
  const lostAt = unansweredSince(held, claim);
  const until = lostAt === null ? null : quietUntil(provider.replay, lostAt, now);
  return until === null ? null : later(held.lease.cause ?? "provider_unavailable", until);
}

type Wait = Extract<RefreshResult, { retryAt: number }>;

/** While the journal takes no writes, how soon to ask again. */
const JOURNAL_WAIT = 5 * SECOND;
/** A connection that waits for an operator's decision; that decision makes it due. */
const DECISION_WAIT = 60 * SECOND;

/** The last attempt failed or was in vain just now, or something that all of them need is missing. */
async function reasonToWait({ flight, held, client, provider }: Ready, now: number): Promise<Wait | null> {
  const { ports } = flight;
  const { lease, tokens, connection } = held;
  if (lease.backoffUntil > now) return later(lease.cause ?? "provider_unavailable", lease.backoffUntil);
  const setback = flight.setbacks.find(connection.id, tokens.generation);
  if (setback) return later(setback.cause, now + setback.leftMs);
  const rest = restUntil(tokens, tokens.origin);
  if (rest > now) return later("provider_response_unrecognised", rest);
  const cause = connection.diagnosis?.cause;
  if (isHeldFor(cause)) return later(cause, now + DECISION_WAIT);
  if (mayRotate(provider.replay) && !ports.journal.isWritable()) {
    return later("journal_unavailable", now + JOURNAL_WAIT);
  }
  const { suspension } = client;
  if (!suspension) return null;
  const probes = suspension.probeAt <= now && (await ports.clients.claimProbe(client.id, now + PROBE_INTERVAL));
  const retryAt = Math.max(suspension.probeAt, now + PROBE_INTERVAL / 2);
  return probes ? null : { kind: "client_suspended", cause: suspension.cause, retryAt };
}

function later(cause: Extract<Wait, { kind: "retry_later" }>["cause"], retryAt: number): Wait {
  return { kind: "retry_later", cause, retryAt };
}
