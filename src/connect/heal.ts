import { isLive, type Account } from "../connection/connection.ts";
import type { NewHistoryEntry } from "../connection/history.ts";
import type { Snapshot } from "../connection/store.ts";
import { openRefreshToken, sealTokenSet } from "../connection/token-record.ts";
import type { TokenSet } from "../oauth/token-set.ts";
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
    const tokens = await withKeptRefreshToken(ports, held, arrival);
    const healed = { ...arrival, tokens };
    const problem = offlineAccessProblem(healed);
    const generation = held.tokens.generation + 1;
    const owner = { tenantId: held.connection.tenantId, connectionId: id };
    const record = await sealTokenSet(ports.sealer, owner, tokens, { generation, origin: "connect" });
    const was = held.connection.status;
    const history: NewHistoryEntry[] = [{ kind: "reauthorized", generation, detail: { was } }];
    if (switchFrom && switchFrom.id === held.connection.account?.id) {
      history.push(switchEntry(generation, switchFrom, arrival));
    }
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
