import type { Diagnosis } from "./cause.ts";

export type ConnectionStatus = "active" | "degraded" | "suspended" | "reauthorization_required" | "disconnected";

/**
 * When a connection is refreshed. `eager`: ahead of every expiry. `on_demand`: when somebody reads, and in time to keep an idle
 * refresh token alive. `adaptive`: `eager` while it was read in the last day, else `on_demand`.
 */
export type RefreshPolicy = "adaptive" | "eager" | "on_demand";

/** The resource owner at the provider, as far as the provider told. */
export interface Account {
  /** Stable there; a reauthorization must come back with the same one. */
  id: string;
  /** For people: an e-mail address or a name. */
  label: string | null;
}

/** What an API wants to be said in a request to the authorization server (OIDC Core §5.5). */
export interface ClaimsChallenge {
  /** An object, as JSON. */
  json: string;
  /** A refresh with them was rejected: only a sign-in can answer. */
  isRefused: boolean;
}

/** Our durable record of one resource owner's authorization of one client. */
export interface Connection {
  id: string;
  tenantId: string;
  clientId: string;
  providerId: string;
  /** The application's own name for its user. */
  endUser: string | null;
  account: Account | null;
  requestedScopes: string[];
  /** As the last answer said that named any. */
  grantedScopes: string[];
  /** What it needs, beside what its client needs. */
  requiredScopes: string[];
  /** Of what is needed, and of what was granted before, all that is not granted now. Tokens are given all the same. */
  missingScopes: string[];
  /** Null unless an API has refused a token with a claims challenge that is not answered. */
  claims: ClaimsChallenge | null;
  status: ConnectionStatus;
  /** Null while nothing is wrong. */
  diagnosis: Diagnosis | null;
  policy: RefreshPolicy;
  labels: Record<string, string>;
  statusSince: number;
  createdAt: number;
  /** Its first token set came from elsewhere. */
  isImported: boolean;
  /** When a person last consented. */
  consentedAt: number | null;
  /** When the provider last confirmed that the connection works. */
  lastProvenAt: number | null;
  /** When its access token was last read, to the hour. */
  lastReadAt: number | null;
  /** Counts how often its reauthorization links were revoked: a link is of one epoch. */
  linkEpoch: number;
}

/** Can the connection give tokens, or is it over until a person acts? */
export function isLive(status: ConnectionStatus): boolean {
  return status === "active" || status === "degraded" || status === "suspended";
}
