import { isLive, type Account } from "../connection/connection.ts";
import type { NewHistoryEntry } from "../connection/history.ts";
import type { Snapshot } from "../connection/store.ts";
import { openRefreshToken, sealTokenSet } from "../connection/token-record.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import { marksTokens } from "../provider/provider.ts";
import { lifeLeft } from "../refresh/due.ts";
import { untilStored } from "../refresh/until-stored.ts";
import { ServiceError } from "../runtime/service-error.ts";
import {
  consentOf,
  firstDueAt,
  needsOf,
  problemOf,
  STORE_PATIENCE,
  wantOf,
  type Arrival,
  type Established,
} from "./arrival.ts";
import type { ConnectProblem } from "./connect-session.ts";
import type { ConnectPorts } from "./ports.ts";

/**
 * Gives a connection the tokens of a new consent. The old token set stays until the new one is stored. With `switchFrom` another
 * account takes the place of that one.
 */
export async function heal(
  ports: ConnectPorts,
  arrival: Arrival,
  id: string,
  switchFrom: Account | null = null,
): Promise<Established> {
  for (;;) {
    const held = await ports.connections.snapshot(id);
    if (!held) throw new ServiceError("not_found", "The connection to reauthorize is gone.");
    requireAccount(held, arrival, switchFrom);
    await requireItsClient(ports, held, arrival);
    const tokens = await withKeptRefreshToken(ports, held, arrival);
    const healed = { ...arrival, tokens };
    const consent = consentOf(ports, healed, held.connection);
    const problem = problemOf(healed, consent);
    if (problem && isWorseThanHeld(ports, held, healed)) return kept(held, problem);
    const generation = held.tokens.generation + 1;
    const owner = { tenantId: held.connection.tenantId, connectionId: id };
    const record = await sealTokenSet(ports.sealer, owner, tokens, {
      generation,
      origin: "connect",
      marked: marksTokens(arrival.provider),
    });
    const was = held.connection.status;
    const history: NewHistoryEntry[] = [{ kind: "reauthorized", generation, detail: { was, ...wantOf(consent) } }];
    if (switchFrom && switchFrom.id === held.connection.account?.id) {
      history.push(switchEntry(generation, switchFrom, arrival));
    }
    const commit = { connectionId: id, tokens: record, dueAt: firstDueAt(ports, tokens), history };
    const result = await untilStored(ports, id, () => ports.connections.reauthorize(commit, consent), {
      patienceMs: STORE_PATIENCE,
    });
    if (result.kind === "superseded") continue;
    if (problem) ports.observer.event("connection.degraded", { connectionId: id, cause: problem.code });
    else ports.observer.event("connection.recovered", { connectionId: id, generation, was });
    return { connectionId: id, generation, problem };
  }
}

/**
 * Less was granted now, and what was granted before lives on beside it, as far as the provider's entry knows: then the connection goes
 * on with the tokens that can do more. What is not known to live on is replaced.
 */
function isWorseThanHeld(ports: ConnectPorts, { connection, tokens: before }: Snapshot, arrival: Arrival): boolean {
  const livesOn = arrival.provider.scope_upgrade.ends_earlier_tokens === false && isLive(connection.status);
  if (!livesOn || connection.claims !== null) return false;
  if (before.sealedRefreshToken === null && lifeLeft(before, ports.clock.now()) < Infinity) return false;
  const now = needsOf(arrival, connection).missingScopes;
  const held = needsOf({ ...arrival, tokens: { ...arrival.tokens, scope: connection.grantedScopes } }, connection);
  return now.length > held.missingScopes.length && held.missingScopes.every((scope) => now.includes(scope));
}

function kept({ connection, tokens }: Snapshot, problem: ConnectProblem): Established {
  const detail = `${problem.detail} What was allowed before goes on.`;
  return { connectionId: connection.id, generation: tokens.generation, problem: { ...problem, detail } };
}

/** Another account than the one that was connected is refused: its data would be taken for the first one's. */
function requireAccount({ connection }: Snapshot, { account }: Arrival, switchFrom: Account | null): void {
  const expected = connection.account;
  if (!expected || expected.id === account?.id || expected.id === switchFrom?.id) return;
  throw new ServiceError("account_mismatch", mismatchOf(expected));
}

export function mismatchOf({ label }: Account): string {
  return `This connection belongs to ${label ?? "another account"}. Sign in with that account to reconnect it.`;
}

function switchEntry(generation: number, before: Account, { account }: Arrival): NewHistoryEntry {
  return { kind: "account_switched", generation, detail: { was: before.label, account: account?.label ?? null } };
}

/** It may have been on its way to another client, and be so no more. */
async function requireItsClient({ moves }: ConnectPorts, { connection }: Snapshot, { client }: Arrival): Promise<void> {
  if (connection.clientId === client.id || (await moves.destinationOf(connection.id)) === client.id) return;
  throw new ServiceError("conflict", "The connection does not move to this client any more. Open its link again.");
}

/**
 * A consent that brings no refresh token does not take away one that still works; but the one of an account that may be another
 * would be taken for this one's, and one that is bound to another key (RFC 9449 §5) would be refused with this one.
 */
async function withKeptRefreshToken(
  ports: ConnectPorts,
  { connection, tokens: before }: Snapshot,
  { client, tokens, account }: Arrival,
): Promise<TokenSet> {
  const isKnownToBeSame = account !== null && connection.account?.id === account.id;
  if (tokens.refreshToken || !isLive(connection.status) || !isKnownToBeSame) return tokens;
  if (connection.clientId !== client.id) return tokens;
  if (client.authentication === "none" && before.dpopKey !== tokens.dpopKey) return tokens;
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const refreshToken = await openRefreshToken(ports.sealer, owner, before).catch(unlessUnreadable);
  return refreshToken === null ? tokens : { ...tokens, refreshToken, refreshExpiresAt: before.refreshExpiresAt };
}

/** What cannot be opened any more is nothing to keep, and no reason to refuse what came. */
function unlessUnreadable(error: unknown): null {
  if (error instanceof ServiceError && error.code === "key_unavailable") return null;
  throw error;
}
