/** The right to send the refresh token of one generation, until it is given back or the lease is over. */
export interface Claim {
  connectionId: string;
  generation: number;
  owner: string;
  /** Grows with each claim, and when this one is asserted anew. */
  epoch: number;
  /** Earlier sends of the same refresh token whose answer nobody knows; null when there is none. */
  earlier: { count: number; firstAt: number } | null;
}

export interface ClaimRequest {
  connectionId: string;
  generation: number;
  owner: string;
  leaseMs: number;
  /** For so long after the refresh token was first sent, sending it again does no harm (DESIGN §5.9). */
  replayableMs: number;
  /** This owner is known to have ended, so neither its lease nor a quarantine is waited for. */
  gone: string | null;
}

export type ClaimResult =
  | { kind: "claimed"; claim: Claim }
  /** Another generation is current, or the connection is over: nothing may be sent. */
  | { kind: "moved" }
  | ClaimRefusal;

export type ClaimRefusal =
  /** A living owner is at it, until then at most. */
  | { kind: "held"; owner: string; until: number }
  /** An owner went silent in mid-exchange, and may still hold the answer until then. */
  | { kind: "quarantined"; owner: string; until: number }
  | { kind: "backing_off"; until: number }
  /** The database came back, and a living instance has not yet compared its journal with it. That takes a moment. */
  | { kind: "unverified" };

/** Claims of what is due by the clock, with nothing unresolved about it. */
export interface DueRequest {
  owner: string;
  leaseMs: number;
  limit: number;
  /** Clients for which nothing can be sent now. */
  exceptClients: readonly string[];
  /** The most to claim of one client; without it, as many as the limit. */
  room?: { byClient: ReadonlyMap<string, number>; otherwise: number };
}

/** Beyond the lease of an owner that went silent: it may be paused with the answer in its hands, and come back. */
export const QUARANTINE = 60_000;

/** Within this time everybody who lives gives a sign of life again to a database that nobody could reach for a while. */
export const ROLL_CALL = 3_000;

/** What is known of a lease at the moment of a claim. Times are the database's. */
export interface LeaseFacts {
  now: number;
  owner: string | null;
  /** The owner has given a sign of life lately. */
  ownerLives: boolean;
  leaseUntil: number;
  backoffUntil: number;
  /** When the refresh token that is still the newest was first sent, or about to be, without an answer that is known; else null. */
  firstSentAt: number | null;
  /** An owner before it that was overtaken in mid-exchange, and until when it may come back with the answer. */
  overtaken: string | null;
  answerUntil: number;
  /** Since when the claimer has reached the database without a gap; before that it may have been away for everybody. */
  steadySince: number;
  /** A living instance has not yet compared its journal with a database that came back. */
  unverified: boolean;
}

/** Why the refresh token may not be sent now; null when it may (DESIGN §5.2, §5.9). */
export function refusalOf(lease: LeaseFacts, request: Omit<ClaimRequest, "leaseMs">): ClaimRefusal | null {
  const { now, owner, leaseUntil } = lease;
  if (lease.unverified) return { kind: "unverified" };
  if (lease.backoffUntil > now) return { kind: "backing_off", until: lease.backoffUntil };
  // Nothing of ours is in the air when we ask, so a lease in our name is one whose grant did not reach us.
  const isFree = owner === null || owner === request.owner || owner === request.gone;
  if (!isFree && lease.ownerLives && leaseUntil > now) return { kind: "held", owner, until: leaseUntil };
  if (lease.firstSentAt === null || now < lease.firstSentAt + request.replayableMs) return null;
  const called = lease.steadySince + ROLL_CALL;
  const until = Math.max(leaseUntil + QUARANTINE, called);
  if (!isFree && until > now) return { kind: "quarantined", owner, until };
  const { overtaken } = lease;
  const answerUntil = Math.max(lease.answerUntil, called);
  const mayComeBack = overtaken !== null && overtaken !== request.gone && answerUntil > now;
  return mayComeBack ? { kind: "quarantined", owner: overtaken, until: answerUntil } : null;
}
