import { PROBE_INTERVAL, type Client } from "../client/client.ts";
import type { Cause, Diagnosis } from "../connection/cause.ts";
import type { NewHistoryEntry } from "../connection/history.ts";
import { sealTokenSet } from "../connection/token-record.ts";
import { tokenSetFrom } from "../oauth/token-set.ts";
import type { Outcome } from "../provider/outcome.ts";
import type { Secret } from "../runtime/secret.ts";
import { backoffMs } from "./backoff.ts";
import { dueAt, restUntil } from "./due.ts";
import type { Exchanged } from "./exchange.ts";
import type { Snapshot } from "../connection/store.ts";
import type { RefreshPorts } from "./ports.ts";
import { untilStored } from "./until-stored.ts";
import type { RefreshRequest, RefreshResult } from "./request.ts";

/** An exchange that has come back, with all that is needed to write down what it means. */
export interface Attempt extends Exchanged {
  held: Snapshot;
  client: Client;
  origin: RefreshRequest["origin"];
  refreshToken: Secret<string>;
}

/** Writes down what an exchange came to. Only a rejection of the newest refresh token ends a connection. */
export function settle(ports: RefreshPorts, attempt: Attempt): Promise<RefreshResult> {
  const { outcome } = attempt;
  switch (outcome.kind) {
    case "rotated":
    case "renewed":
      return store(ports, attempt, outcome);
    case "rejected":
      return reject(ports, attempt, outcome);
    case "client_fault":
      return suspendClient(ports, attempt, outcome);
    case "retry_later":
      return postpone(ports, attempt.held, { ...outcome, lost: false });
    case "lost":
      return postpone(ports, attempt.held, {
        cause: "provider_unavailable",
        code: outcome.code,
        lost: true,
        retryAfterMs: null,
      });
  }
}

async function store(
  ports: RefreshPorts,
  { held, client, origin, refreshToken, provider, sentAt, durationMs }: Attempt,
  outcome: Extract<Outcome, { kind: "rotated" | "renewed" }>,
): Promise<RefreshResult> {
  const { connection, tokens: before } = held;
  const tokens = tokenSetFrom(
    { tokens: outcome.tokens, sentAt, usualLifetime: provider.lifetimes.access_seconds },
    { refreshToken, refreshExpiresAt: before.refreshExpiresAt, scope: before.scope },
  );
  const rest = restUntil(tokens, origin);
  const first = dueAt(tokens, ports.random);
  const due = first && Math.max(first, rest);
  const generation = before.generation + 1;
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const record = await sealTokenSet(ports.sealer, owner, tokens, { generation, origin });
  const rotated = outcome.kind === "rotated";
  const history = [entry("refreshed", generation, { origin, rotated, expires_at: tokens.expiresAt })];
  if (connection.status === "degraded") history.push(entry("recovered", generation, {}));
  const commit = { connectionId: connection.id, tokens: record, dueAt: due, history };
  const result = await untilStored(ports, connection.id, () => ports.connections.commit(commit));
  if (result === "superseded") {
    ports.observer.event("refresh.superseded", { connectionId: connection.id, generation });
    return { kind: "renewed" };
  }
  const times = { expiresAt: tokens.expiresAt, dueAt: due, durationMs };
  ports.observer.event("refresh.succeeded", { connectionId: connection.id, generation, origin, rotated, ...times });
  if (connection.status === "degraded") ports.observer.event("connection.recovered", { connectionId: connection.id });
  await resumeClient(ports, client);
  return rest === 0
    ? { kind: "renewed" }
    : { kind: "retry_later", cause: "provider_response_unrecognised", retryAt: rest };
}

/**
 * `invalid_grant` is evidence about the token that was sent, not about the connection: the status changes only if that token
 * is still the newest. An earlier attempt with the same token whose answer never came is the likelier cause than the user.
 */
async function reject(
  ports: RefreshPorts,
  { held, client }: Attempt,
  outcome: Extract<Outcome, { kind: "rejected" }>,
): Promise<RefreshResult> {
  await resumeClient(ports, client);
  const answerLost = earlierAnswerLost(held);
  const diagnosis: Diagnosis = {
    cause: answerLost ? "rotation_lost" : "unknown",
    confidence: answerLost ? "likely" : "possible",
    evidence: {
      code: outcome.code,
      description: outcome.description,
      answer_lost_at: answerLost ? held.lease.attemptAt : null,
    },
  };
  return end(ports, held, diagnosis);
}

/** The access token has run out, and there is nothing to get another with. */
export function endWithoutRefreshToken(ports: RefreshPorts, held: Snapshot): Promise<RefreshResult> {
  const evidence = { expired_at: held.tokens.expiresAt };
  return end(ports, held, { cause: "refresh_token_missing", confidence: "certain", evidence });
}

/** Before this attempt the same refresh token was sent, and no answer to it is known. */
function earlierAnswerLost({ tokens, lease }: Snapshot): boolean {
  return lease.attemptGeneration === tokens.generation;
}

async function end(ports: RefreshPorts, held: Snapshot, diagnosis: Diagnosis): Promise<RefreshResult> {
  const { connection, tokens } = held;
  const result = await ports.connections.setStatus({
    connectionId: connection.id,
    generation: tokens.generation,
    status: "reauthorization_required",
    diagnosis,
    history: entry("reauthorization_required", tokens.generation, { cause: diagnosis.cause, ...diagnosis.evidence }),
  });
  if (result === "superseded") return { kind: "renewed" };
  const { cause, confidence } = diagnosis;
  ports.observer.event("connection.reauthorization_required", { connectionId: connection.id, cause, confidence });
  return { kind: "ended" };
}

/** The provider has looked at the token, so it has accepted the client (RFC 6749 §5.2). */
async function resumeClient(ports: RefreshPorts, { id, suspension }: Client): Promise<void> {
  if (suspension && (await ports.clients.resume(id))) ports.observer.event("client.resumed", { clientId: id });
}

/** The provider refuses the client, which says nothing about its connections: they keep their tokens and their status. */
async function suspendClient(
  ports: RefreshPorts,
  { held, client }: Attempt,
  outcome: Extract<Outcome, { kind: "client_fault" }>,
): Promise<RefreshResult> {
  const cause = /^(deleted|disabled)_client$/.test(outcome.code) ? "client_disabled" : "client_secret_rejected";
  const retryAt = ports.clock.now() + PROBE_INTERVAL;
  const answered = !earlierAnswerLost(held);
  await ports.connections.release({ connectionId: held.connection.id, generation: held.tokens.generation, answered });
  if (await ports.clients.suspend(client.id, { cause, code: outcome.code, probeAt: retryAt })) {
    ports.observer.event("client.suspended", { clientId: client.id, cause, code: outcome.code });
  }
  return { kind: "client_suspended", cause, retryAt };
}

/** From this many failures in a row on, a connection counts as degraded: one bad answer is nothing to report. */
const FAILURES_TO_DEGRADE = 3;

interface Setback {
  cause: Cause;
  code: string;
  /** The request may have been acted on, and its answer is not known. */
  lost: boolean;
  retryAfterMs: number | null;
}

/** Nothing was decided: notes why, and when to try again. */
export async function postpone(ports: RefreshPorts, held: Snapshot, setback: Setback): Promise<RefreshResult> {
  const { connection, tokens, lease } = held;
  const { cause, code, lost } = setback;
  const failures = lease.failures + 1;
  const backoffUntil = ports.clock.now() + backoffMs(failures, ports.random, setback.retryAfterMs);
  const kind = lost ? "answer_lost" : "refresh_failed";
  const degrade = failures >= FAILURES_TO_DEGRADE;
  await ports.connections.postpone({
    connectionId: connection.id,
    generation: tokens.generation,
    backoffUntil,
    answered: !lost && !earlierAnswerLost(held),
    diagnosis: { cause, confidence: "certain", evidence: { code, failures } },
    degrade,
    history: failures <= FAILURES_TO_DEGRADE ? entry(kind, tokens.generation, { cause, code }) : null,
  });
  const name = lost ? "refresh.answer_lost" : "refresh.failed";
  ports.observer.event(name, { connectionId: connection.id, cause, code, failures, retryAt: backoffUntil });
  if (degrade && connection.status === "active") {
    ports.observer.event("connection.degraded", { connectionId: connection.id, cause });
  }
  return { kind: "retry_later", cause, retryAt: backoffUntil };
}

function entry(kind: NewHistoryEntry["kind"], generation: number, detail: NewHistoryEntry["detail"]): NewHistoryEntry {
  return { kind, generation, detail };
}
