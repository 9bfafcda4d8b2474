import type { ErrorCode } from "../runtime/service-error.ts";

/**
 * `created` → `started` (the user was sent to the provider) → `exchanging` → `completed` or `failed`. With `confirm`,
 * `authorized` comes between: the user is back, and the application has yet to confirm who that was. `switching`: another account
 * came back than the connection's, and its person has yet to say whether it takes that one's place.
 */
export type ConnectSessionStatus =
  | "created"
  | "started"
  | "authorized"
  | "exchanging"
  | "switching"
  | "completed"
  | "failed";

/** From the authorization request to the redirect back (RFC 6749 §4.1); short-lived. */
export interface ConnectSession {
  id: string;
  tenantId: string;
  clientId: string;
  /** The connection to reauthorize; null makes a new one. */
  connectionId: string | null;
  endUser: string | null;
  /** All scopes that are asked for, the provider's own included. */
  scopes: string[];
  /** Those of them that the connection is degraded without. */
  requiredScopes: string[];
  /** Parameters of the authorization request that are not the protocol's. */
  parameters: Record<string, string>;
  returnUrl: string | null;
  completion: "confirm" | "automatic";
  /** Another account may take the connection's place, as long as its links are of this epoch; null: it has to be the same. */
  switchEpoch: number | null;
  status: ConnectSessionStatus;
  /** SHA-256 of the secret in the connect URL. */
  linkHash: string;
  /** What was sent to the provider; null before that. */
  attempt: AuthorizationAttempt | null;
  sealedCode: Uint8Array | null;
  /** What came back with another account, until its person has decided. */
  sealedArrival: Uint8Array | null;
  problem: ConnectProblem | null;
  createdAt: number;
  expiresAt: number;
}

export interface AuthorizationAttempt {
  /** SHA-256 of `state`; the value itself is never stored (BCP 240 §4.7). */
  stateHash: string;
  /** SHA-256 of the cookie that binds the attempt to one browser. */
  browserHash: string;
  nonce: string;
  /** As it was sent, because the code exchange has to repeat it (RFC 6749 §4.1.3). Null in what an earlier version began. */
  redirectUri: string | null;
  sealedCodeVerifier: Uint8Array | null;
}

/** Why a session failed, or what is wrong with the connection that it made. */
export interface ConnectProblem {
  code: ErrorCode;
  detail: string;
  /** What the authorization request lacked, for `refresh_token_missing`; the scopes that are not granted, for `scope_insufficient`. */
  missing?: string[];
  /** The labels of the two accounts, for `account_mismatch`; null where the provider gives none. For the user's own page alone. */
  accounts?: { expected: string | null; given: string | null };
}

export type NewConnectSession = Omit<
  ConnectSession,
  "createdAt" | "attempt" | "sealedCode" | "sealedArrival" | "problem" | "status"
>;

export interface ConnectSessionStore {
  /** Erases too what came in sessions in which nobody decided in time. */
  create(session: NewConnectSession): Promise<void>;
  find(id: string): Promise<ConnectSession | null>;
  findByState(stateHash: string): Promise<ConnectSession | null>;
  /** Starts, or starts over as long as the user has not come back; false when it is too late for that. */
  start(id: string, attempt: AuthorizationAttempt): Promise<boolean>;
  /** Moves from one status to the next, once; false when the session was not in `from`, so that a code is used only once. */
  advance(id: string, from: ConnectSessionStatus, to: "exchanging"): Promise<boolean>;
  authorize(id: string, sealedCode: Uint8Array): Promise<boolean>;
  /** From `exchanging` to `switching`. */
  askToSwitch(id: string, sealedArrival: Uint8Array, problem: ConnectProblem): Promise<void>;
  complete(id: string, connectionId: string, problem: ConnectProblem | null): Promise<void>;
  fail(id: string, problem: ConnectProblem): Promise<void>;
  /** Deletes sessions that expired before `before`, and the tokens of those in which nobody decided in time. */
  prune(before: number): Promise<void>;
}
