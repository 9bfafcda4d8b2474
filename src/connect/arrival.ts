import type { Client } from "../client/client.ts";
import type { Diagnosis } from "../connection/cause.ts";
import type { Account } from "../connection/connection.ts";
import type { Consent } from "../connection/store.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import { missingOfflineAccess, type Provider } from "../provider/provider.ts";
import { dueAt } from "../refresh/due.ts";
import { SECOND } from "../runtime/clock.ts";
import type { ConnectProblem, ConnectSession } from "./connect-session.ts";
import type { ConnectPorts } from "./ports.ts";

/** A user's consent that has been exchanged for tokens and is about to be stored. */
export interface Arrival {
  session: ConnectSession;
  client: Client;
  provider: Provider;
  tokens: TokenSet;
  account: Account | null;
}

/** What an arrival made. */
export interface Established {
  connectionId: string;
  generation: number;
  /** Something is wrong with it from the start. */
  problem: ConnectProblem | null;
}

/** How long a user's consent waits for a store that is down, before the user is told to connect again. */
export const STORE_PATIENCE = 10 * SECOND;

export function consentOf(
  ports: ConnectPorts,
  { session, client, tokens, account }: Arrival,
  problem: ConnectProblem | null,
): Consent {
  const now = ports.clock.now();
  return {
    clientId: client.id,
    account,
    requestedScopes: session.scopes,
    grantedScopes: tokens.scope,
    status: problem ? "degraded" : "active",
    diagnosis: problem && diagnosisOf(problem),
    consentedAt: now,
    lastProvenAt: now,
  };
}

function diagnosisOf({ missing }: ConnectProblem): Diagnosis {
  const evidence = { missing: missing?.join(", ") ?? null };
  return { cause: "refresh_token_missing", confidence: "certain", evidence };
}

/** An access token that will run out, and nothing to get another with: said at once, not an hour later. */
export function offlineAccessProblem({ session, provider, tokens }: Arrival): ConnectProblem | null {
  if (tokens.refreshToken || tokens.expiresAt === null) return null;
  const missing = missingOfflineAccess(provider, session);
  const detail =
    missing.length > 0
      ? `The provider gave no refresh token. The request lacked what ${provider.name} needs for offline access: ${missing.join(", ")}.`
      : `The provider gave no refresh token although offline access was asked for. Check that the client may use refresh tokens at ${provider.name}.`;
  return { code: "refresh_token_missing", detail, missing };
}

/** Without a refresh token, the expiry itself is what has to be noticed. */
export function firstDueAt(ports: ConnectPorts, tokens: TokenSet): number | null {
  return tokens.refreshToken ? dueAt(tokens, ports.random) : tokens.expiresAt;
}
