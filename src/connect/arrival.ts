import type { Client } from "../client/client.ts";
import type { Diagnosis } from "../connection/cause.ts";
import type { Account } from "../connection/connection.ts";
import type { HistoryDetail } from "../connection/history.ts";
import { diagnosisOfLack } from "../connection/lack.ts";
import type { Consent, ScopeNeeds } from "../connection/store.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import { missingOfflineAccess, type Provider } from "../provider/provider.ts";
import { dueAt } from "../refresh/due.ts";
import { lackingScopes, type ScopeFacts } from "../refresh/lacking-scopes.ts";
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

/** What a consent says about a connection; `before`: what that needed, had and has lost until then. */
export function consentOf(ports: ConnectPorts, arrival: Arrival, before: ScopeFacts["connection"]): Consent {
  const { session, client, tokens, account } = arrival;
  const now = ports.clock.now();
  const offline = offlineAccessProblem(arrival);
  return {
    clientId: client.id,
    account,
    requestedScopes: session.scopes,
    grantedScopes: tokens.scope,
    ...needsOf(arrival, before),
    status: offline ? "degraded" : "active",
    diagnosis: offline && diagnosisOf(offline),
    consentedAt: now,
    lastProvenAt: now,
  };
}

/** What the connection needs from now on, and what of that, and of what it had, was not granted. */
export function needsOf(arrival: Arrival, before: ScopeFacts["connection"]): ScopeNeeds {
  const { session, client, provider, tokens } = arrival;
  const requiredScopes = [...new Set([...before.requiredScopes, ...session.requiredScopes])];
  const facts = { client, provider, connection: { ...before, requiredScopes } };
  return { requiredScopes, missingScopes: lackingScopes(facts, tokens.scope) };
}

/** What is wrong with the connection from the start, the worst of it. */
export function problemOf(
  arrival: Arrival,
  { missingScopes = [] }: Pick<Consent, "missingScopes">,
): ConnectProblem | null {
  const offline = offlineAccessProblem(arrival);
  return offline ?? (missingScopes.length > 0 ? shortfall(arrival, missingScopes) : null);
}

function shortfall({ provider }: Arrival, missing: string[]): ConnectProblem {
  const detail = `At ${provider.name}, not everything was allowed that is needed. Missing: ${missing.join(", ")}. Sign in again and allow it.`;
  return { code: "scope_insufficient", detail, missing };
}

function diagnosisOf({ missing }: ConnectProblem): Diagnosis {
  const evidence = { missing: missing?.join(", ") ?? null };
  return { cause: "refresh_token_missing", confidence: "certain", evidence };
}

/** What the history says of a consent that leaves something to be wished. */
export function wantOf({ diagnosis, missingScopes = [] }: Pick<Consent, "diagnosis" | "missingScopes">): HistoryDetail {
  const found = diagnosis ?? diagnosisOfLack({ missingScopes, claims: null });
  return found ? { cause: found.cause, missing: found.evidence["missing"] ?? null } : {};
}

/** An access token that will run out, and nothing to get another with: said at once, not an hour later. */
function offlineAccessProblem({ session, provider, tokens }: Arrival): ConnectProblem | null {
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
