import { isLive } from "../connection/connection.ts";
import type { Snapshot } from "../connection/store.ts";
import { openRefreshToken, sealTokenSet } from "../connection/token-record.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import { marksTokens } from "../provider/provider.ts";
import { untilStored } from "../refresh/until-stored.ts";
import { ServiceError } from "../runtime/service-error.ts";
import {
  consentOf,
  firstDueAt,
  offlineAccessProblem,
  STORE_PATIENCE,
  type Arrival,
  type Established,
} from "./arrival.ts";
import type { ConnectPorts } from "./ports.ts";

/** Gives a connection the tokens of a new consent. The old token set stays until the new one is stored. */
export async function heal(ports: ConnectPorts, arrival: Arrival, id: string): Promise<Established> {
  for (;;) {
    const held = await ports.connections.snapshot(id);
    if (!held) throw new ServiceError("not_found", "The connection to reauthorize is gone.");
    requireSameAccount(held, arrival);
    await requireItsClient(ports, held, arrival);
    const tokens = await withKeptRefreshToken(ports, held, arrival);
    const healed = { ...arrival, tokens };
    const problem = offlineAccessProblem(healed);
    const generation = held.tokens.generation + 1;
    const owner = { tenantId: held.connection.tenantId, connectionId: id };
    const record = await sealTokenSet(ports.sealer, owner, tokens, {
      generation,
      origin: "connect",
      marked: marksTokens(arrival.provider),
    });
    const was = held.connection.status;
    const history = [{ kind: "reauthorized", generation, detail: { was } } as const];
    const commit = { connectionId: id, tokens: record, dueAt: firstDueAt(ports, tokens), history };
    const consent = consentOf(ports, healed, problem);
    const result = await untilStored(ports, id, () => ports.connections.reauthorize(commit, consent), {
      patienceMs: STORE_PATIENCE,
    });
    if (result.kind === "superseded") continue;
    ports.observer.event("connection.recovered", { connectionId: id, generation, was });
    return { connectionId: id, generation, problem };
  }
}

/** Another account than the one that was connected is refused: its data would be taken for the first one's. */
function requireSameAccount({ connection }: Snapshot, { account }: Arrival): void {
  const expected = connection.account;
  if (!expected || expected.id === account?.id) return;
  throw new ServiceError(
    "account_mismatch",
    `This connection belongs to ${expected.label ?? "another account"}. Sign in with that account to reconnect it.`,
  );
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
  const isKnownToBeSame = account !== null && connection.account !== null;
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
