import type { Connection, ConnectionStatus, RefreshPolicy } from "./connection.ts";
import type { Cause, Diagnosis } from "./cause.ts";
import type { Claim, ClaimRequest, ClaimResult, DueRequest } from "./claim.ts";
import type { HistoryDetail, HistoryEntry, NewHistoryEntry } from "./history.ts";
import type { Notice } from "./notice.ts";
import type { TokenRecord } from "./token-record.ts";

/** When a connection is to be refreshed, who may do it, and how the last attempts went. Times are the database's. */
export interface RefreshLease {
  /** Null: never by itself. */
  dueAt: number | null;
  /** No attempt before this time; 0 when the last one went well. */
  backoffUntil: number;
  /** Attempts since the last success. */
  failures: number;
  /** Why the last attempt decided nothing; null after a success. */
  cause: Cause | null;
  /** Counts the claims. */
  epoch: number;
  /** The instance that may send the refresh token; null when it is free. */
  owner: string | null;
  /** While the owner lives, nobody else claims before this. */
  leaseUntil: number;
  /** The generation whose refresh token was first sent, or about to be, without an answer that is known, and when. */
  attemptGeneration: number | null;
  attemptAt: number | null;
  /** Sends of that refresh token without a known answer, the one under way included. */
  unanswered: number;
  /** When the provider first rejected the newest refresh token; null unless it did. */
  rejectedAt: number | null;
  /** What the provider last said of it other than in an answer, however old; null when it said nothing since the consent. */
  notice: Notice | null;
}

/** All that a read or a refresh needs to know, as of one moment. */
export interface Snapshot {
  connection: Connection;
  /** Once disconnected it holds no tokens any more, but still counts the generation. */
  tokens: TokenRecord;
  lease: RefreshLease;
  /** A spare that was not tried yet is likelier to live than the newest refresh token. */
  hasBetterSpare: boolean;
  /** While the provider refuses the client: when the next refresh may ask whether it still does; else null. */
  clientProbeAt: number | null;
}

export interface ClaimedSnapshot {
  claim: Claim;
  held: Snapshot;
}

/** What tells whether a token set is the stored one: each sealing of the same token has other bytes, and the same name. */
export type NewestTokens = Pick<TokenRecord, "generation" | "sealedRefreshToken" | "refreshTokenName">;

export interface NewConnection
  extends
    Omit<
      Connection,
      "createdAt" | "isImported" | "statusSince" | "lastReadAt" | "linkEpoch" | keyof ScopeNeeds | "claims"
    >,
    Partial<ScopeNeeds> {
  /** Names an imported refresh token without telling it. A client imports each once: it may have been replaced since. */
  seed?: string;
}

/** What a connection needs and lacks; nothing where it is not said. */
export type ScopeNeeds = Pick<Connection, "requiredScopes" | "missingScopes">;

export interface ConnectionQuery {
  tenantId: string;
  limit: number;
  /** Only ids after this one; null from the start. */
  after: string | null;
  status: ConnectionStatus | null;
  clientId: string | null;
  /** Only those that the provider has not confirmed since; epoch milliseconds. */
  provenBefore?: number;
  /** Only those whose token set came from elsewhere. */
  imported?: true;
  /** A part of the connection's id, of its account's id or label, or of the application's name for its user, in any case. */
  search?: string;
  cause?: Cause;
  providerId?: string;
  label?: readonly [name: string, value: string];
  /** `made` unless given. */
  order?: ConnectionOrder;
}

/**
 * `made`: by id, the oldest first. `proven`: those first whose last proof is longest ago. `changed`: those first whose status was
 * last another one.
 */
export type ConnectionOrder = "made" | "proven" | "changed";

/** A token set that is to follow the one of generation `tokens.generation - 1`. */
export interface Commit {
  connectionId: string;
  tokens: TokenRecord;
  dueAt: number | null;
  history: readonly NewHistoryEntry[];
  /** As the scopes of these tokens have it. Not given where nobody has looked: what was missing then still is. */
  missingScopes?: readonly string[];
  /** It was asked for with these claims, so that they need no sign-in any more. */
  answeredClaims?: string;
}

/** `was` is the status before; a token set that works ends every trouble. */
export type CommitResult = { kind: "committed"; was: ConnectionStatus } | { kind: "superseded" };

/** A received token set that came too late to be the newest. It is tried when the newest is rejected. */
export interface Spare {
  id: number;
  tokens: TokenRecord;
}

/** What a new consent says about a connection. */
export type Consent = Pick<
  Connection,
  "clientId" | "account" | "requestedScopes" | "grantedScopes" | "status" | "diagnosis" | "consentedAt" | "lastProvenAt"
> &
  Partial<ScopeNeeds>;

/** What a connection needs now, and what of that it lacks. */
export interface NeedsChange extends ScopeNeeds {
  connectionId: string;
  /** What it needed and was granted when that was found out. */
  was: Pick<Connection, "requiredScopes" | "grantedScopes">;
  /** Beside the cause, what is told of a connection that begins or ceases to lack something. */
  detail: HistoryDetail;
}

/** A change of status that holds only while `generation` is still the newest. */
export interface StatusChange {
  connectionId: string;
  generation: number;
  status: ConnectionStatus;
  diagnosis: Diagnosis | null;
  history: NewHistoryEntry;
}

export interface ResolvedAttempt {
  claim: Claim;
  /** The provider's answer is known, or nothing was sent: the refresh token was not spent by this attempt. */
  answered: boolean;
}

/** An attempt that decided nothing; the next may be made when `backoffMs` have passed by the database's clock. */
export interface Postponement extends ResolvedAttempt {
  backoffMs: number;
  diagnosis: Diagnosis;
  /** The trouble has lasted: an `active` connection becomes `degraded`. */
  degrade: boolean;
  /** Null for repetitions, so that an outage does not fill the history. */
  history: NewHistoryEntry | null;
}

/** The provider rejected the newest refresh token, and nothing else is left to try. */
export interface Rejection {
  claim: Claim;
  diagnosis: Diagnosis;
  history: NewHistoryEntry;
  /** Believed when it is said again so long after it was first said. */
  confirmAfterMs: number | null;
  /**
   * When more connections of the client than this were rejected in the window, the client is braked (DESIGN §5.11). Null where
   * the provider says for certain why it rejects this one: that is no bad hour.
   */
  brake: { windowMs: number; tolerated: number; patienceMs: number; backoffMs: number } | null;
}

export type RejectionResult = "ended" | "braked" | "unconfirmed" | "superseded";

/** A refresh token this many generations behind the newest may have been used; nobody remembers. */
export const REMEMBERED_GENERATIONS = 8;

/** What tells one connection's misfortune from everybody's. */
export interface Company {
  /** Other connections of the same tenant and client that the provider rejected lately, and all of them. */
  rejectedOfTenant: number;
  ofTenant: number;
  /** Connections of the same account and client that were consented to later, and all of them. */
  laterOfAccount: number;
  ofAccount: number;
}

/**
 * Connections and their token sets. Every method is one transaction: it happened whole or not at all, and what it says
 * survives a crash. Each throws `ServiceError` `store_unavailable` when the database does not take it; whether a write then
 * happened is not known, and each may be repeated.
 */
export interface ConnectionStore {
  /** Without effect when there is a connection of that id, or of that client and seed, already. */
  create(connection: NewConnection, tokens: TokenRecord, dueAt: number | null, history: NewHistoryEntry): Promise<void>;
  snapshot(id: string): Promise<Snapshot | null>;
  /** The connection that the seed was imported as. */
  findBySeed(clientId: string, seed: string): Promise<string | null>;
  /** Those that there are. */
  newestOf(ids: readonly string[]): Promise<Map<string, NewestTokens>>;
  list(query: ConnectionQuery): Promise<Connection[]>;
  history(id: string, page: { limit: number; before: number | null }): Promise<HistoryEntry[]>;

  /**
   * Claim and intent in one: grants the right to refresh, and notes that the refresh token of `generation` is about to be
   * sent. It also proves that the store takes writes before the step that cannot be taken back.
   */
  claim(request: ClaimRequest): Promise<ClaimResult>;
  /** Claims connections that are due now, free and not backing off, the longest due first; skips what others are claiming. */
  claimDue(request: DueRequest): Promise<ClaimedSnapshot[]>;
  /**
   * Connections whose owner went silent or overran its lease, the longest silent first; before them those that are due while an
   * owner that was overtaken may still come back.
   */
  orphans(limit: number): Promise<string[]>;
  /** Connections that the instance has claimed, by its own doing or by a grant that did not reach it. */
  claimedBy(owner: string): Promise<string[]>;
  /**
   * Claims anew what is claimed already, after the database came back: it may have lost the claim. Gives the new epoch; null when
   * another generation is current or another instance has it.
   */
  reassert(claim: Claim, leaseMs: number): Promise<number | null>;
  /** Does the claim still stand: the same generation, and nobody claimed since? */
  stands(claim: Claim): Promise<boolean>;

  /**
   * Makes a token set the newest if an older one is (its predecessor, short of commits that the database lost), whoever claimed
   * meanwhile, and whatever the status was short of `disconnected`; a working one ends `degraded` and
   * `reauthorization_required`. Repeating one that was taken is `committed`.
   */
  commit(commit: Commit, claim: Claim): Promise<CommitResult>;
  /** Like `commit` for a token set that was received a while ago: what a restore has made worthless since is not taken. */
  recover(commit: Commit): Promise<CommitResult>;
  /**
   * Keeps a token set that was superseded; gives the claim back. Without effect when it is disconnected, or kept already. A
   * connection that was ended because the newest refresh token was rejected is `degraded` and due again, because this one was not.
   */
  setAside(connectionId: string, tokens: TokenRecord, claim: Claim | null): Promise<void>;
  /** Those not tried lately, the latest first. */
  spares(connectionId: string): Promise<Spare[]>;
  /**
   * Makes a spare the newest token set, under a new generation, if `tokens.generation - 1` still is the newest. What it replaces
   * is set aside as tried: the rejection may be a provider's bad hour. Spares go when a later token set is committed, because
   * the provider has accepted the one that they were not.
   */
  promote(spare: Spare, commit: Commit): Promise<CommitResult>;

  /** After an attempt that decided nothing. Without effect when another has claimed since. */
  postpone(postponement: Postponement): Promise<void>;
  /** After an attempt that said nothing about this connection: it is due at `dueAt`, or as before without one. */
  release(attempt: ResolvedAttempt, dueAt?: number | null): Promise<void>;
  /** What else happens around a connection, since `since`. */
  company(id: string, since: number): Promise<Company>;
  /**
   * Ends the connection by compare-and-set on claim and generation, unless it brakes or the rejection has to be said again. It is
   * `superseded` also by a spare that has not been tried. What was tried once more after it had ended is believed at once.
   */
  reject(rejection: Rejection): Promise<RejectionResult>;
  /** Changes the status by compare-and-set on the generation. Leaving `isLive` also clears what was due. */
  setStatus(change: StatusChange): Promise<"changed" | "superseded">;

  /** A person consented anew, whatever the status was: like `commit`, and takes over what the consent changed. */
  reauthorize(commit: Commit, consent: Consent): Promise<CommitResult>;
  /** Takes back an import whose refresh token was rejected before it ever worked; any other connection is kept. */
  discard(id: string): Promise<"discarded" | "kept">;
  /** Ends the connection, deletes its token set and revokes its links. */
  disconnect(id: string, history: NewHistoryEntry): Promise<void>;
  setLabels(id: string, labels: Record<string, string>): Promise<void>;
  /** Ends every reauthorization link that was made before. */
  revokeLinks(id: string): Promise<void>;
  /** Also when it is due under that policy; null: never by itself. */
  setPolicy(id: string, policy: RefreshPolicy, dueAt: number | null): Promise<void>;
  /** Notes what is needed and lacking, by compare-and-set on what this was found out from. */
  setNeeds(change: NeedsChange): Promise<"changed" | "unchanged" | "superseded">;
  /** An API has refused the connection's token with these claims, as JSON. Once: a repetition changes nothing. */
  challenge(id: string, claims: string): Promise<void>;
  /** A refresh with these claims was rejected: none is sent with them again. */
  refuseClaims(id: string, claims: string): Promise<void>;
  /** Notes that the provider confirmed the connection, without a new token set. */
  markProven(id: string): Promise<void>;
  /** Notes that the connections were read just now. */
  markRead(ids: readonly string[]): Promise<void>;
  /** Deletes `refreshed` history and spares older than `before`. */
  prune(before: number): Promise<void>;
}
