import {
  actorOf,
  isHeldFor,
  sentence,
  sentenceForUser,
  whoActs,
  type Cause,
  type Diagnosis,
} from "../connection/cause.ts";
import { isLive, type Connection } from "../connection/connection.ts";
import type { Snapshot } from "../connection/store.ts";
import { isWithheld } from "../connection/notice.ts";
import { openAccessToken, type TokenRecord } from "../connection/token-record.ts";
import { readClaimsChallenge } from "../oauth/claims-challenge.ts";
import { isAboutProof } from "../oauth/dpop-proof.ts";
import { SECOND, within } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secret.ts";
import { codeOf, ServiceError, type ErrorCode } from "../runtime/service-error.ts";
import { noteChallenge, signInWanted } from "./claims-challenge.ts";
import { attainable, leadTime, lifeLeft } from "./due.ts";
import type { RefreshPorts } from "./ports.ts";
import type { EarlyDeaths } from "./early-deaths.ts";
import type { ReadMarks } from "./read-marks.ts";
import {
  asksForScope,
  isFreshFromForce,
  proofRefused,
  rejectsFreshToken,
  type RejectedRequest,
} from "./refused-token.ts";
import type { Refresher } from "./refresh.ts";
import type { RefreshRequest, RefreshResult } from "./request.ts";
import { createSingleFlight } from "./single-flight.ts";
import type { TokenCache } from "./token-cache.ts";

/** A working access token. Times are epoch milliseconds. */
export interface AccessToken {
  connectionId: string;
  generation: number;
  accessToken: Secret<string>;
  tokenType: string;
  expiresAt: number | null;
  scope: string[];
  /** What the provider said beside the tokens: where the API is, for instance. */
  answerFields: Record<string, string>;
  /** Thumbprint of the key that it may be bound to; see `TokenSet.dpopKey`. */
  dpopKey: string | null;
  /** What is needed and not granted; the token is good for everything else. */
  missingScopes: readonly string[];
  /** `refreshing`: a newer one is on its way. `failing`: the last attempts failed, this one still lives. */
  refreshState: "ok" | "refreshing" | "failing";
}

export interface ReadRequest {
  tenantId: string;
  connectionId: string;
  /** Life that the token should still have, in milliseconds; met as far as the token's own life allows. */
  minTtlMs: number;
}

export interface AccessTokens {
  /** From memory alone, when it holds a token with enough life left that nothing is to be done about; else undefined. */
  recall(request: ReadRequest): AccessToken | undefined;
  /** Throws `ServiceError`; waits up to 15 s for a refresh when too little life is left. */
  read(request: ReadRequest): Promise<AccessToken>;
  /** The API refused the token of `generation`: a newer one if there is one, else one forced refresh, never a loop. */
  rejected(request: RejectedRequest): Promise<AccessToken>;
}

/** A snapshot with its access token open; null where it is not to be handed out. */
export interface OpenSnapshot extends Pick<Snapshot, "connection" | "lease" | "clientProbeAt"> {
  record: TokenRecord;
  token: AccessToken | null;
}

export interface AccessTokenDeps extends Pick<
  RefreshPorts,
  "clock" | "sealer" | "connections" | "observer" | "clients" | "catalogue"
> {
  refresher: Refresher;
  readMarks: Pick<ReadMarks, "note">;
  earlyDeaths: EarlyDeaths;
  cache: TokenCache<OpenSnapshot>;
  reauthorizationUrl: (connection: Connection) => string;
}

const WAIT = 15 * SECOND;

export function createAccessTokens(deps: AccessTokenDeps): AccessTokens {
  const { cache, clock, refresher } = deps;
  const loads = createSingleFlight<OpenSnapshot | null>();

  async function held(tenantId: string, connectionId: string): Promise<OpenSnapshot> {
    // A load that began before the last change is not shared: it may bring what was there before.
    const key = `${connectionId} ${cache.stamp()}`;
    const found = cache.get(connectionId) ?? (await loads.run(key, () => load(deps, connectionId)));
    if (found?.connection.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such connection.");
    return found;
  }

  async function read({ tenantId, connectionId, minTtlMs }: ReadRequest): Promise<AccessToken> {
    const before = await held(tenantId, connectionId);
    const { token, record } = usable(deps, before);
    if (token && lifeLeft(record, clock.now()) > attainable(minTtlMs, record)) return inTime(before, token);
    let result: RefreshResult | undefined;
    try {
      result = await renew({ connectionId, generation: record.generation, origin: "reader" });
    } catch (error) {
      // A store that takes no writes is no reason to withhold what still lives.
      if (!token || lifeLeft(record, clock.now()) <= 0) throw error;
      reportFailure(deps, connectionId, error);
      return { ...token, refreshState: "failing" };
    }
    return answer(deps, await held(tenantId, connectionId), result);
  }

  /** Enough life is left: answers at once, and starts what is due behind the reader's back. */
  function inTime(before: OpenSnapshot, token: AccessToken): AccessToken {
    const { lease, connection, clientProbeAt } = before;
    if (lease.failures > 0) return { ...token, refreshState: "failing" };
    if (!isInLead(before)) return token;
    if (clientProbeAt !== null && clientProbeAt > clock.now()) return { ...token, refreshState: "failing" };
    const request = { connectionId: connection.id, generation: token.generation, origin: "ahead" } as const;
    refresher.refresh(request).catch((error: unknown) => reportFailure(deps, connection.id, error));
    return { ...token, refreshState: "refreshing" };
  }

  /** Is it time to refresh? What rested because nobody read it is not due by itself, and is read now. */
  function isInLead({ lease, record, connection }: OpenSnapshot): boolean {
    const now = clock.now();
    if (lease.dueAt !== null && lease.dueAt <= now) return true;
    if (connection.policy !== "adaptive" || !record.sealedRefreshToken || record.expiresAt === null) return false;
    return lifeLeft(record, now) < leadTime(Math.max(0, record.expiresAt - record.obtainedAt));
  }

  async function renew(request: RefreshRequest): Promise<RefreshResult | undefined> {
    const refreshed = async () => {
      const result = await refresher.refresh(request);
      // A round of the sweep that this read joined found that nobody reads the connection. Now somebody does.
      return result.kind === "resting" ? refresher.refresh(request) : result;
    };
    return within(clock, WAIT, refreshed());
  }

  async function rejected(request: RejectedRequest): Promise<AccessToken> {
    const { tenantId, connectionId, generation } = request;
    cache.drop(connectionId);
    const before = await held(tenantId, connectionId);
    const { token, record } = usable(deps, before);
    if (generation > record.generation) {
      throw new ServiceError("invalid_request", "The connection has not had a token of that generation yet.");
    }
    if (isAboutProof(request.challenge)) throw proofRefused(connectionId);
    if (token && record.generation > generation && lifeLeft(record, clock.now()) > 0) return token;
    deps.observer.event("access_token.rejected", { connectionId, generation, status: request.status });
    const claims = readClaimsChallenge(request.challenge);
    if (claims !== null) return challenged(before, claims);
    if (isFreshFromForce(record, clock.now()) || asksForScope(request.challenge))
      throw rejectsFreshToken(before.connection);
    const result = await renew({ connectionId, generation: record.generation, origin: "rejected" });
    const after = await held(tenantId, connectionId);
    const lives = lifeLeft(after.record, clock.now()) > 0;
    if (after.token && after.token.generation > generation && lives) {
      if (request.status === 401) noteDeath(deps, before);
      return after.token;
    }
    throw failure(deps, after, result);
  }

  /** A refresh may answer the API's claims, once, where the provider lets it; else only a sign-in can, whose link carries them. */
  async function challenged({ connection, record }: OpenSnapshot, claims: string): Promise<AccessToken> {
    const { id: connectionId, tenantId } = connection;
    const mayRefresh = await noteChallenge(deps, connectionId, claims);
    if (!mayRefresh || isFreshFromForce(record, clock.now())) throw signInWanted(deps, connection, claims);
    const result = await renew({ connectionId, generation: record.generation, origin: "rejected" });
    const after = await held(tenantId, connectionId);
    const isAnswered = after.connection.claims === null && after.record.generation > record.generation;
    if (isAnswered && after.token) return after.token;
    if (!isLive(after.connection.status) || result === undefined) throw failure(deps, after, result);
    throw signInWanted(deps, connection, claims);
  }

  function recall({ tenantId, connectionId, minTtlMs }: ReadRequest): AccessToken | undefined {
    const entry = cache.get(connectionId);
    if (!entry?.token || entry.connection.tenantId !== tenantId || entry.lease.failures > 0) {
      return undefined;
    }
    const now = clock.now();
    const lives = lifeLeft(entry.record, now) > attainable(minTtlMs, entry.record);
    return !isInLead(entry) && lives && isLive(entry.connection.status) ? entry.token : undefined;
  }

  return { read, rejected, recall };
}

/** It was refused before its time, and its successor was to be had: nobody had ended the consent. */
function noteDeath({ earlyDeaths, observer }: AccessTokenDeps, { connection, record }: OpenSnapshot): void {
  earlyDeaths.note(connection, record).catch((error: unknown) => {
    observer.event("store.failed", { code: codeOf(error) });
  });
}

async function load(deps: AccessTokenDeps, connectionId: string): Promise<OpenSnapshot | null> {
  const asOf = deps.cache.stamp();
  const snapshot = deps.refresher.unstored(connectionId) ?? (await deps.connections.snapshot(connectionId));
  if (!snapshot) return null;
  deps.readMarks.note(snapshot.connection);
  const open = await openSnapshot(deps, snapshot);
  deps.cache.put(connectionId, open, asOf);
  return open;
}

async function openSnapshot(deps: AccessTokenDeps, snapshot: Snapshot): Promise<OpenSnapshot> {
  const { connection, lease, clientProbeAt, tokens: record } = snapshot;
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const accessToken =
    isLive(connection.status) && !isWithheld(snapshot)
      ? await openAccessToken(deps.sealer, owner, record).catch((error: unknown) => {
          throw unopened(deps, connection.id, error);
        })
      : null;
  if (!accessToken) return { connection, lease, clientProbeAt, record, token: null };
  const { generation, tokenType, expiresAt, scope, answerFields, dpopKey } = record;
  const shown = { generation, tokenType, expiresAt, scope, answerFields, dpopKey };
  const { missingScopes } = connection;
  const token = { connectionId: connection.id, accessToken, ...shown, missingScopes, refreshState: "ok" } as const;
  return { connection, lease, clientProbeAt, record, token };
}

/** After a refresh: the new token, or the old one while it lives, or why there is none. */
function answer(deps: AccessTokenDeps, held: OpenSnapshot, result: RefreshResult | undefined): AccessToken {
  const { token, record } = usable(deps, held);
  if (!token || lifeLeft(record, deps.clock.now()) <= 0) throw failure(deps, held, result);
  if (result?.kind === "renewed" || result?.kind === "unchanged") return token;
  return { ...token, refreshState: result === undefined ? "refreshing" : "failing" };
}

/** The token set of a connection that gives tokens; throws for one that does not. */
function usable(deps: AccessTokenDeps, held: OpenSnapshot): { token: AccessToken | null; record: TokenRecord } {
  if (!isLive(held.connection.status)) throw failure(deps, held, undefined);
  return { token: held.token, record: held.record };
}

const NOT_TOLD: Diagnosis = { cause: "unknown", confidence: "possible", evidence: {} };

function failure(deps: AccessTokenDeps, held: OpenSnapshot, result: RefreshResult | undefined): ServiceError {
  const { connection } = held;
  const connectionId = connection.id;
  if (connection.status === "disconnected") {
    return new ServiceError("connection_disconnected", "The connection was disconnected; connect again to use it.", {
      connectionId,
    });
  }
  if (connection.status === "reauthorization_required" || result?.kind === "unchanged") {
    const diagnosis = connection.diagnosis ?? NOT_TOLD;
    return new ServiceError("reauthorization_required", sentence(diagnosis.cause), {
      reason: diagnosis.cause,
      whoActs: actorOf(diagnosis),
      connectionId,
      reauthorizationUrl: deps.reauthorizationUrl(connection),
    });
  }
  if (result?.kind === "client_suspended" || result?.kind === "retry_later") {
    const code = result.kind === "client_suspended" ? "client_suspended" : retryCode(result.cause);
    const retryAfterMs = Math.max(SECOND, result.retryAt - deps.clock.now());
    if (held.lease.rejectedAt !== null && sentenceForUser(result.cause) !== null) {
      return new ServiceError(code, HELD_BACK, {
        ...about(result.cause, connectionId),
        whoActs: "nobody",
        retryAfterMs,
      });
    }
    const { diagnosis } = connection;
    const actor = diagnosis?.cause === result.cause ? actorOf(diagnosis) : whoActs(result.cause);
    return new ServiceError(code, sentence(result.cause), {
      ...about(result.cause, connectionId),
      whoActs: actor,
      retryAfterMs,
    });
  }
  return new ServiceError("refresh_timeout", "The provider has not answered the refresh yet; ask again in a moment.", {
    connectionId,
    retryAfterMs: SECOND,
  });
}

/** While the brake is on, nobody is asked to act. */
const HELD_BACK =
  "The provider refuses the refresh token, together with many others of this client. That is held to be its own trouble for now, and the refresh is tried again.";

function retryCode(cause: Cause): ErrorCode {
  if (cause === "key_unavailable" || cause === "journal_unavailable") return cause;
  if (isHeldFor(cause)) return "connection_held";
  return cause === "client_secret_rejected" ? "client_suspended" : "provider_unavailable";
}

function about(cause: Cause, connectionId: string) {
  return { reason: cause, whoActs: whoActs(cause), connectionId };
}

/** The key is away, or the row is damaged: told with what it concerns. */
function unopened(deps: AccessTokenDeps, connectionId: string, error: unknown): unknown {
  if (!(error instanceof ServiceError) || error.code !== "key_unavailable") return error;
  reportFailure(deps, connectionId, error);
  return new ServiceError("key_unavailable", sentence("key_unavailable"), about("key_unavailable", connectionId));
}

function reportFailure(deps: AccessTokenDeps, connectionId: string, error: unknown): void {
  deps.observer.event("refresh.failed", { connectionId, code: codeOf(error) });
}
