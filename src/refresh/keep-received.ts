import { expiryToCountOn } from "../client/learned-life.ts";
import type { ConnectionStatus } from "../connection/connection.ts";
import type { JournalEntry } from "../connection/journal.ts";
import type { Commit, Snapshot } from "../connection/store.ts";
import { openRefreshToken, sealTokenSet, type TokenRecord } from "../connection/token-record.ts";
import { tokenSetFrom } from "../oauth/token-set.ts";
import type { Outcome } from "../provider/outcome.ts";
import { marksTokens } from "../provider/provider.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import type { Secret } from "../runtime/secret.ts";
import type { Attempt } from "./attempt.ts";
import { claimsToSend } from "./claims-to-send.ts";
import { consentEnd, warningDue } from "./consent-end.ts";
import { restUntil } from "./due.ts";
import { isEager, nextDueAt } from "./keep-alive.ts";
import { lackingScopes } from "./lacking-scopes.ts";
import type { RefreshResult } from "./request.ts";
import { resumeClient } from "./client-suspension.ts";
import { entry } from "./history-entry.ts";
import { untilStored } from "./until-stored.ts";

type Received = Extract<Outcome, { kind: "rotated" | "renewed" }>;

/**
 * Keeps a token set that was received: first in the journal if the refresh token is new, then in the store (DESIGN §5.6–5.8).
 * It is never thrown away: what comes too late to be the newest becomes a spare.
 */
export async function keepReceived(attempt: Attempt, outcome: Received): Promise<RefreshResult> {
  const { flight, claim, client } = attempt;
  const { ports } = flight;
  const { commit, rest } = await commitOf(attempt, outcome);
  const journaled = outcome.kind === "rotated" ? await journal(attempt, commit.tokens) : null;
  const result = await untilStored(ports, claim.connectionId, () => ports.connections.commit(commit, claim), {
    onFailure: () => {
      if (journaled) flight.journaled(withTokens(attempt, commit));
    },
  });
  if (result.kind === "superseded") await keepSpare(attempt, outcome, commit.tokens);
  if (journaled) ports.journal.settled(journaled);
  if (result.kind === "committed") report(attempt, outcome, commit);
  if (result.kind === "committed") reportCondition(attempt, commit, result.was);
  await resumeClient(ports, client, claim.connectionId);
  return rest === 0 || result.kind === "superseded"
    ? { kind: "renewed" }
    : { kind: "retry_later", cause: "provider_response_unrecognised", retryAt: rest };
}

async function commitOf(attempt: Attempt, outcome: Received): Promise<{ commit: Commit; rest: number }> {
  const { flight, claim, held, client, provider, refreshToken, sentAt } = attempt;
  const { ports, origin } = flight;
  const { connection, tokens: before } = held;
  const received = tokenSetFrom(
    { tokens: outcome.tokens, sentAt, usualLifetime: provider.lifetimes.access_seconds },
    { ...before, refreshToken },
  );
  const tokens = { ...received, expiresAt: expiryToCountOn(received, client.learnedLife, sentAt) };
  const generation = before.generation + 1;
  const rotated = outcome.kind === "rotated";
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const as = { generation, origin, rotatedAt: rotated ? sentAt : before.rotatedAt, marked: marksTokens(provider) };
  const record = await untilStored(ports, connection.id, () => sealTokenSet(ports.sealer, owner, tokens, as));
  const eager = origin !== "ahead" || isEager(connection, ports.clock.now());
  const rest = restUntil(tokens, origin);
  const end = consentEnd({ connection, tokens, client, provider });
  const next = nextDueAt({ tokens, provider, eager, end }, ports.random);
  const refreshed = entry("refreshed", generation, {
    origin,
    rotated,
    expires_at: tokens.expiresAt,
    // What the lost answer brought may be the newest, and this one the end of the chain.
    ...(!rotated && claim.earlier && { answer_lost_at: claim.earlier.firstAt }),
  });
  const days = warningDue(end, { before: before.obtainedAt, now: sentAt });
  const history = days === null ? [refreshed] : [refreshed, entry("expiring", generation, { days, ends_at: end })];
  const dueAt = next === null ? null : Math.max(next, rest);
  const missingScopes = lackingScopes({ client, connection, provider }, tokens.scope);
  const answeredClaims = claimsToSend(attempt);
  const found = { missingScopes, ...(answeredClaims !== null && { answeredClaims }) };
  return { commit: { connectionId: connection.id, tokens: record, dueAt, history, ...found }, rest };
}

/** Null when the journal does not take it: the store is then the only place, as it is for everything else. */
async function journal({ flight: { ports }, held }: Attempt, tokens: TokenRecord): Promise<JournalEntry | null> {
  const { tenantId, id: connectionId } = held.connection;
  const journaled = { kind: "tokens", tenantId, connectionId, receivedAt: ports.clock.now(), tokens } as const;
  return ports.journal.append(journaled).then(
    () => journaled,
    () => null,
  );
}

/** Somebody else committed first. The refresh token is worth keeping unless it is the very one that they stored. */
async function keepSpare(
  { flight: { ports }, held, claim, refreshToken }: Attempt,
  outcome: Received,
  tokens: TokenRecord,
) {
  const { connectionId, generation } = claim;
  const received = outcome.tokens.refreshToken ?? refreshToken;
  const isNew = outcome.kind === "rotated" && !(await isStored(ports, held, received));
  await untilStored(ports, connectionId, () =>
    isNew
      ? ports.connections.setAside(connectionId, tokens, claim)
      : ports.connections.release({ claim, answered: true }),
  );
  ports.observer.event("refresh.superseded", { connectionId, generation, kept: isNew });
}

async function isStored(
  ports: Attempt["flight"]["ports"],
  { connection }: Snapshot,
  received: Secret<string>,
): Promise<boolean> {
  const { id: connectionId, tenantId } = connection;
  return untilStored(ports, connectionId, async () => {
    const now = await ports.connections.snapshot(connectionId);
    const stored = now && (await openRefreshToken(ports.sealer, { tenantId, connectionId }, now.tokens));
    return stored !== null && sameSecret(stored.reveal(), received.reveal());
  });
}

/** What a read would see, had the store taken it. */
function withTokens({ held }: Attempt, { tokens, dueAt }: Commit): Snapshot {
  return { ...held, tokens, lease: { ...held.lease, dueAt, backoffUntil: 0, failures: 0, cause: null } };
}

function reportCondition({ flight: { ports }, held }: Attempt, commit: Commit, was: ConnectionStatus): void {
  const { connectionId, missingScopes = [], answeredClaims } = commit;
  const { claims, missingScopes: before } = held.connection;
  if (missingScopes.some((scope) => !before.includes(scope))) {
    ports.observer.event("connection.degraded", { connectionId, cause: "scope_insufficient" });
  }
  const isWell = missingScopes.length === 0 && (claims === null || claims.json === answeredClaims);
  if (isWell && was !== "active") ports.observer.event("connection.recovered", { connectionId, was });
}

function report({ flight, durationMs }: Attempt, outcome: Received, commit: Commit): void {
  const { connectionId, tokens, dueAt, history } = commit;
  const { generation, expiresAt } = tokens;
  const warning = history.find(({ kind }) => kind === "expiring");
  if (warning) {
    const { days, ends_at: endsAt } = warning.detail;
    flight.ports.observer.event("connection.expiring", { connectionId, days, endsAt });
  }
  flight.ports.observer.event("refresh.succeeded", {
    connectionId,
    generation,
    origin: flight.origin,
    rotated: outcome.kind === "rotated",
    expiresAt,
    dueAt,
    durationMs,
  });
}
