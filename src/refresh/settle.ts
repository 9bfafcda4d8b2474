import type { Claim } from "../connection/claim.ts";
import type { Cause, Diagnosis, WhoActs } from "../connection/cause.ts";
import type { Snapshot } from "../connection/store.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { Attempt, Ready, Step } from "./attempt.ts";
import { backoffMs, LONGEST_OF_LASTING } from "./backoff.ts";
import { claimsToSend } from "./claims-to-send.ts";
import { resumeClient, suspendClient } from "./client-suspension.ts";
import { entry } from "./history-entry.ts";
import { mayResend, STILL_WORKING } from "./lease-times.ts";
import type { RefreshPorts } from "./ports.ts";
import { AGAIN, type Again, type RefreshResult } from "./request.ts";
import { keepReceived } from "./keep-received.ts";
import { keepUnreadable } from "./keep-unreadable.ts";
import { learnOfSecrets } from "./learn-of-secrets.ts";
import { secondOpinion } from "./second-opinion.ts";
import { untilStored } from "./until-stored.ts";

/** Writes down what an exchange came to. Only a rejection of the newest refresh token ends a connection. */
export async function settle(attempt: Attempt): Promise<Step> {
  const { outcome, flight, claim } = attempt;
  const { ports } = flight;
  switch (outcome.kind) {
    case "rotated":
    case "renewed": {
      const result = await keepReceived(attempt, outcome);
      await learnOfSecrets(attempt, "tokens");
      return result;
    }
    case "rejected":
      await resumeClient(ports, attempt.client, claim.connectionId);
      await learnOfSecrets(attempt, outcome.kind);
      return claimsToSend(attempt) === null ? secondOpinion(attempt, outcome) : withoutClaims(attempt);
    case "client_fault":
      return suspendClient(attempt, outcome);
    case "retry_later":
      return postpone(attempt, claim, { ...outcome, lost: false });
    case "lost":
      await keepUnreadable(attempt);
      return postpone(attempt, claim, {
        cause: "provider_unavailable",
        code: outcome.code,
        lost: true,
        retryAfterMs: waitAfterLoss(attempt, outcome.code),
        isUrgent: isInWindow(attempt),
      });
  }
}

/**
 * How long to leave a token alone whose answer was lost. Where a replay is answered, not at all; else while the server may still
 * be working on the first request: two at a time would be a reuse.
 */
function waitAfterLoss({ flight, provider, claim, sentAt }: Attempt, code: string): number | null {
  const firstSentAt = claim.earlier?.firstAt ?? sentAt;
  if (mayResend(provider.replay, firstSentAt, flight.ports.clock.now())) return null;
  return /^timeout$|^http_504/.test(code) ? STILL_WORKING : null;
}

/** The window in which a replay is answered does not wait for a back-off that grows. */
function isInWindow({ flight, provider, claim, sentAt }: Attempt): boolean {
  const { replay } = provider;
  return replay.class === "window" && mayResend(replay, claim.earlier?.firstAt ?? sentAt, flight.ports.clock.now());
}

/** A rejection of a refresh with claims is about these, as far as anybody knows: the refresh token is asked about without. */
async function withoutClaims(attempt: Attempt): Promise<Again> {
  const { flight, claim } = attempt;
  const { connections } = flight.ports;
  const { connectionId } = claim;
  await untilStored(flight.ports, connectionId, async () => {
    await connections.refuseClaims(connectionId, claimsToSend(attempt) ?? "");
    await connections.release({ claim, answered: true });
  });
  return AGAIN;
}

/** The access token has run out, and there is nothing to get another with. */
export async function endWithoutRefreshToken(ports: RefreshPorts, held: Snapshot): Promise<RefreshResult> {
  const { connection, tokens } = held;
  const cause = "refresh_token_missing";
  const diagnosis: Diagnosis = { cause, confidence: "certain", evidence: { expired_at: tokens.expiresAt } };
  const history = entry("reauthorization_required", tokens.generation, { cause, ...diagnosis.evidence });
  const status = "reauthorization_required";
  const change = { connectionId: connection.id, generation: tokens.generation, status, diagnosis, history } as const;
  if ((await ports.connections.setStatus(change)) === "superseded") return { kind: "renewed" };
  ports.observer.event("connection.reauthorization_required", {
    connectionId: connection.id,
    cause,
    confidence: "certain",
  });
  return { kind: "ended" };
}

/** From this many failures in a row on, a connection counts as degraded: one bad answer is nothing to report. */
const FAILURES_TO_DEGRADE = 3;

interface Setback {
  cause: Cause;
  code: string;
  /** The request may have been acted on, and its answer is not known. */
  lost: boolean;
  /** No attempt is made before that time. */
  retryAfterMs: number | null;
  /** The next attempt is made as soon as if this were the first failure. */
  isUrgent?: boolean;
  /** The next attempts are made ever more rarely. */
  isLasting?: boolean;
  /** Who can help; it is told at once then. */
  whoActs?: WhoActs;
}

/** Nothing was decided: notes why, and when to try again. */
async function postpone({ flight, held }: Ready, claim: Claim, setback: Setback): Promise<RefreshResult> {
  const { ports } = flight;
  const { connectionId, generation } = claim;
  const { cause, code, lost, whoActs } = setback;
  const failures = held.lease.failures + 1;
  const longest = setback.isLasting === true ? LONGEST_OF_LASTING : undefined;
  const wait = backoffMs(setback.isUrgent === true ? 1 : failures, ports.random, setback.retryAfterMs, longest);
  const retryAt = ports.clock.now() + wait;
  flight.setbacks.note(connectionId, { generation, cause, waitMs: wait });
  const degrade = failures >= FAILURES_TO_DEGRADE || whoActs !== undefined;
  const kind = lost ? "answer_lost" : "refresh_failed";
  const postponement = {
    claim,
    answered: !lost,
    backoffMs: wait,
    diagnosis: { cause, confidence: "certain", evidence: { code, failures }, ...(whoActs && { whoActs }) },
    degrade,
    history: failures <= FAILURES_TO_DEGRADE ? entry(kind, generation, { cause, code }) : null,
  } as const;
  await untilStored(ports, connectionId, () => ports.connections.postpone(postponement));
  const name = lost ? "refresh.answer_lost" : "refresh.failed";
  ports.observer.event(name, { connectionId, cause, code, failures, retryAt });
  if (degrade && held.connection.status === "active")
    ports.observer.event("connection.degraded", { connectionId, cause });
  return { kind: "retry_later", cause, retryAt };
}

/** Nothing was sent, for a reason that an operator can mend: the connection waits and stays as it is. */
export async function postponeUnsent(ready: Ready, claim: Claim, error: unknown): Promise<Step> {
  const { connections } = ready.flight.ports;
  const setback = whyNotReady(error);
  if (setback) return postpone(ready, claim, { ...setback, lost: false, retryAfterMs: null });
  await connections.release({ claim, answered: true });
  throw error;
}

function whyNotReady(error: unknown): { cause: Cause; code: string } | null {
  if (!(error instanceof ServiceError)) return null;
  const { code } = error;
  if (code === "key_unavailable") return { cause: "key_unavailable", code };
  return code === "client_suspended" ? { cause: "client_secret_rejected", code } : null;
}
