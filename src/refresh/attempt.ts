import type { Client } from "../client/client.ts";
import type { Claim } from "../connection/claim.ts";
import type { ClaimedSnapshot, Snapshot } from "../connection/store.ts";
import type { Provider } from "../provider/provider.ts";
import { refreshEndpoint } from "../provider/token-endpoint.ts";
import { MINUTE, SECOND } from "../runtime/clock.ts";
import { deferred } from "../runtime/deferred.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { AttemptCount } from "./brake.ts";
import type { ClientFactsReader } from "./client-facts.ts";
import { exchangeProven, type ProvenExchange } from "./exchange-proven.ts";
import { prepareExchange } from "./exchange.ts";
import { isLapsing } from "./keep-alive.ts";
import { isTimeToSend, mayResend } from "./lease-times.ts";
import { obtainClaim, type Held, type HeldClaim, type Instant } from "./obtain-claim.ts";
import type { NoTurn, Priority, Turn } from "./pace/pace.ts";
import type { RefreshPorts } from "./ports.ts";
import { promoteSpare } from "./promote-spare.ts";
import { reasonNotTo, type Reason } from "./reason-not-to.ts";
import { bringFromOthers } from "./recover.ts";
import type { RefusedSecrets } from "./refused-secrets.ts";
import { AGAIN, type Again, type RefreshRequest, type RefreshResult } from "./request.ts";
import type { SecretUses } from "./secret-uses.ts";
import type { Setbacks } from "./setbacks.ts";
import { postponeUnsent, settle } from "./settle.ts";
import { turnEndOf } from "./turn-end.ts";
import { unansweredSince } from "./unanswered-since.ts";
import { untilStored } from "./until-stored.ts";

/** One refresh of one connection, from the first look to a decision; it may take several attempts. */
export interface Flight {
  ports: RefreshPorts;
  connectionId: string;
  origin: RefreshRequest["origin"];
  /** Somebody waits for it, perhaps since it began. */
  isAwaited: boolean;
  /** The generation that was found wanting; it grows when a token set turns out not to be one that works. */
  wanting: number;
  attempts: AttemptCount;
  clientFacts: ClientFactsReader;
  setbacks: Setbacks;
  secretUses: SecretUses;
  refusedSecrets: RefusedSecrets;
  /** The database came back a while ago, and may have lost that a refresh token was sent. */
  mayLackIntents(): boolean;
  /** Aborted when nothing more may be claimed or sent. */
  stopping: AbortSignal;
  /** A first rejection was heard in this flight: the next one is the second opinion. */
  confirming: boolean;
  /** What the attempt under way has claimed; the epoch changes when the database had lost it. */
  holds: ClaimedSnapshot | null;
  /** The refresh token has left, or is about to: a claim given back now would hide that. */
  sent: boolean;
  /** The claim that the sweep made for this connection, if it did since. */
  takeClaimed(): OfferedClaim | null;
  /** Notes a claim that was made for this flight, and not by the sweep. */
  noteClaim(): void;
  /** Such a claim has been made since, so that what the sweep claimed at `instant` may be over. */
  hasClaimedSince(instant: Instant): boolean;
  /** The new token set is durable in the journal, and the store does not take it now. */
  journaled(snapshot: Snapshot): void;
}

export interface OfferedClaim extends ClaimedSnapshot, HeldClaim {}

/** Everything that an exchange needs. */
export interface Ready {
  flight: Flight;
  held: Snapshot;
  client: Client;
  provider: Provider;
}

/** An exchange that has come back, with all that is needed to write down what it means. */
export interface Attempt extends Ready, ProvenExchange {
  claim: Claim;
  refreshToken: Secret<string>;
}

export type Step = RefreshResult | Again;

/** Looks, waits its turn, claims, sends and settles once (DESIGN §5). A claim that is not used is given back. */
export async function attempt(flight: Flight): Promise<Step | Held> {
  const offered = flight.takeClaimed();
  flight.sent = false;
  flight.holds = offered;
  try {
    const ready = await getReady(flight, offered);
    if ("step" in ready) return await giveBack(flight, offered, ready);
    const reason = await reasonNotTo(ready, offered?.claim ?? null);
    if (reason) return await giveBack(flight, offered, reason);
    const turn = await takeTurn(ready, offered?.claim ?? null);
    if (turn === null) return await giveBack(flight, offered, { step: AGAIN });
    if (turn.kind === "no_turn") return await giveBack(flight, offered, later(turn));
    try {
      return await inTurn(ready, turn, offered);
    } finally {
      turn.done({ kind: "unused" });
    }
  } catch (error) {
    if (offered && !flight.sent) await giveBack(flight, offered, afterTrouble(flight)).catch(() => undefined);
    throw error;
  }
}

async function getReady(flight: Flight, offered: OfferedClaim | null): Promise<Ready | Reason> {
  const { ports, connectionId } = flight;
  const held = offered?.held ?? (await ports.connections.snapshot(connectionId));
  if (!held) throw new ServiceError("not_found", "There is no such connection.");
  const { client, provider } = await flight.clientFacts[offered ? "recent" : "read"](held.connection);
  return provider ? { flight, held, client, provider } : withoutProvider(flight);
}

const WAIT_FOR_OPERATOR = MINUTE;

/** The custom provider of the connection is no longer defined; nothing is sent until it is again. */
function withoutProvider({ ports }: Flight): Reason {
  const retryAt = ports.clock.now() + WAIT_FOR_OPERATOR;
  return { step: { kind: "retry_later", cause: "network_policy", retryAt }, dueAt: retryAt };
}

/** Whatever broke is looked at again after a while, not in every round. */
function afterTrouble({ ports }: Flight): Reason {
  return { step: AGAIN, dueAt: ports.clock.now() + WAIT_FOR_OPERATOR };
}

async function giveBack(flight: Flight, offered: OfferedClaim | null, { step, dueAt }: Reason): Promise<Step> {
  if (offered) await flight.ports.connections.release({ claim: offered.claim, answered: true }, dueAt);
  return step;
}

/** Callers wait no longer than this for an answer. */
const PATIENCE = 15 * SECOND;
/** What nobody waits for is given back after this: another instance may have room for it. */
const PATIENCE_AHEAD = 3 * SECOND;

/** Null when the service stops first. */
async function takeTurn(ready: Ready, claim: Claim | null): Promise<Turn | NoTurn | null> {
  const { flight, client, provider } = ready;
  const { per_second: perSecond, concurrent } = provider.pace;
  const host = new URL(refreshEndpoint(provider)).host;
  const to = { host, clientId: client.id, limits: { perSecond, concurrent } };
  const wasAwaited = flight.isAwaited;
  const turn = flight.ports.pace.turn(
    flight.connectionId,
    to,
    priorityOf(ready, claim),
    wasAwaited ? PATIENCE : PATIENCE_AHEAD,
  );
  const first = await unlessAborted(flight.stopping, turn);
  if (first === null) void turn.then((late) => late.kind === "turn" && late.done({ kind: "unused" }));
  // Who joined meanwhile has more patience than the sweep.
  return first?.kind === "no_turn" && flight.isAwaited && !wasAwaited ? takeTurn(ready, claim) : first;
}

async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | null> {
  const { promise: aborted, resolve } = deferred<null>();
  const abort = (): void => resolve(null);
  signal.addEventListener("abort", abort);
  try {
    return signal.aborted ? null : await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** DESIGN §6: what can only be saved now goes first, then who waits, then what lapses, then what is only ahead. */
function priorityOf({ flight, held, provider }: Ready, claim: Claim | null): Priority {
  const now = flight.ports.clock.now();
  const lostAt = unansweredSince(held, claim);
  if (lostAt !== null && provider.replay.class === "window" && mayResend(provider.replay, lostAt, now))
    return "recovery";
  if (flight.isAwaited) return "caller";
  return isLapsing(held, provider, now) ? "lapsing" : "ahead";
}

/** A server that does not answer is left alone; one that is only busy here may be free for others. */
function later({ cause, until }: NoTurn): Reason {
  const step = { kind: "retry_later", cause, retryAt: until } as const;
  return cause === "provider_unavailable" ? { step, dueAt: until } : { step };
}

async function inTurn(ready: Ready, turn: Turn, offered: HeldClaim | null): Promise<Step | Held> {
  const obtained = offered ?? (await obtainClaim(ready));
  if ("kind" in obtained) return obtained;
  const { claim } = obtained;
  const { flight, held } = ready;
  const isContested = offered !== null && flight.hasClaimedSince(offered.claimedAt);
  if (offered === null) flight.noteClaim();
  flight.holds = { claim, held };
  const { ports } = flight;
  if (claim.earlier) ports.observer.event("refresh.taken_over", { connectionId: claim.connectionId, ...claim.earlier });
  if (await findsBetter(ready, claim)) return AGAIN;
  const prepared = await prepareExchange(ready, claim).catch((error: unknown) => ({ error }));
  if ("error" in prepared) return postponeUnsent(ready, claim, prepared.error);
  const mayStillSend = () => maySend(flight, { ...obtained, isContested }, prepared.deadlineMs);
  if (!(await mayStillSend())) {
    ports.observer.event("refresh.aborted", { connectionId: claim.connectionId });
    await ports.connections.release({ claim, answered: true });
    return AGAIN;
  }
  flight.attempts.add(ready.client.id);
  flight.sent = true;
  const exchanged = await exchangeProven(ready, prepared, mayStillSend);
  if (exchanged === null) return inAnotherClaim(ready, turn, claim);
  turn.done(turnEndOf(exchanged.outcome));
  return settle({ ...ready, ...exchanged, claim, refreshToken: prepared.refreshToken });
}

/** The server has refused the client, and another secret is to be tried: the refresh token was not looked at. */
async function inAnotherClaim({ flight: { ports } }: Ready, turn: Turn, claim: Claim): Promise<Again> {
  turn.done({ kind: "answered" });
  await untilStored(ports, claim.connectionId, () => ports.connections.release({ claim, answered: true }));
  return AGAIN;
}

/**
 * Something is likelier to live than the refresh token that is about to be sent, and is made the newest: the answer to an earlier
 * send, in the journal of whoever had it (DESIGN §5.9), or a spare. The claim is over then.
 */
async function findsBetter(ready: Ready, claim: Claim): Promise<boolean> {
  if (maySendAgain(ready.flight, claim) && (await bringFromOthers(ready.flight.ports, claim.connectionId))) return true;
  return ready.held.hasBetterSpare && promoteSpare(ready, claim);
}

function maySendAgain(flight: Flight, { earlier }: Claim): boolean {
  return earlier !== null || flight.mayLackIntents();
}

/** Within this time of the claim, an instance that gives signs of life cannot have been overtaken. */
const RECENT = SECOND;

/** The pre-send check: the process may have been paused since the claim, and others have acted (DESIGN §5.4). */
async function maySend(
  flight: Flight,
  held: HeldClaim & { isContested: boolean },
  deadlineMs: number,
): Promise<boolean> {
  const { ports, stopping } = flight;
  // Whoever looked into journals has taken a while, and what was there may not have been newer than what is stored by now.
  const isOld = held.isContested || maySendAgain(flight, held.claim) || sinceClaim(ports, held) > RECENT;
  if (isOld && !(await ports.connections.stands(held.claim))) return false;
  return isTimeToSend(sinceClaim(ports, held), deadlineMs) && !stopping.aborted;
}

/** By whichever clock says more: the monotonic one may stand still while the machine sleeps. */
function sinceClaim({ clock }: RefreshPorts, { claimedAt }: HeldClaim): number {
  return Math.max(clock.monotonic() - claimedAt.monotonic, clock.now() - claimedAt.wall);
}
