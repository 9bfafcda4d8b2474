import type { Diagnosis } from "../connection/cause.ts";
import type { Spare } from "../connection/store.ts";
import { openAccessToken, openRefreshToken, sealTokenSet, type TokenRecord } from "../connection/token-record.ts";
import type { Outcome } from "../provider/outcome.ts";
import { SECOND } from "../runtime/clock.ts";
import type { Attempt, Step } from "./attempt.ts";
import { backoffMs } from "./backoff.ts";
import { BRAKE_PATIENCE, BRAKE_WINDOW, toleratedRejections } from "./brake.ts";
import { mayResend } from "./lease-times.ts";
import { bringToStore } from "./recover.ts";
import { AGAIN } from "./request.ts";
import { entry } from "./history-entry.ts";
import { untilStored } from "./until-stored.ts";

type Rejected = Extract<Outcome, { kind: "rejected" }>;

/** Before a rejection is believed: long enough for an instance that is about to store a newer token to do so. */
const SECOND_THOUGHT = 3 * SECOND;

/**
 * `invalid_grant` is evidence about the token that was sent, not about the connection (DESIGN §5.10). Whatever else could be the
 * newest token is tried first; where a replay does no harm the provider is asked again; and the status changes only if nobody
 * has committed or claimed meanwhile.
 */
export async function secondOpinion(attempt: Attempt, outcome: Rejected): Promise<Step> {
  const { flight, claim } = attempt;
  const { connections, clock } = flight.ports;
  if (await journalKnowsBetter(attempt)) return AGAIN;
  const [spare] = await untilStored(flight.ports, claim.connectionId, () => connections.spares(claim.connectionId));
  if (spare) return promote(attempt, spare);
  if (mayAskAgain(attempt)) {
    flight.confirming = true;
    await untilStored(flight.ports, claim.connectionId, () => connections.release({ claim, answered: true }));
    await clock.sleep(SECOND_THOUGHT, flight.stopping);
    return AGAIN;
  }
  // Somebody may hold the answer to an earlier send and be about to store it.
  if (claim.earlier) await clock.sleep(SECOND_THOUGHT, flight.stopping);
  if (!flight.stopping.aborted) return condemn(attempt, outcome);
  await connections.release({ claim, answered: true });
  return AGAIN;
}

function mayAskAgain({ flight, provider, claim, sentAt }: Attempt): boolean {
  const now = flight.ports.clock.now();
  return !flight.confirming && mayResend(provider.replay, claim.earlier?.firstAt ?? sentAt, now);
}

/** The instance that held the connection before may have journaled what it could not store any more. */
async function journalKnowsBetter({ flight: { ports }, held, claim }: Attempt): Promise<boolean> {
  const { owner } = held.lease;
  if (owner === null || owner === ports.instanceId) return false;
  const other = await ports.journal.lookInto(owner, claim.connectionId);
  const newest = other?.entries.findLast(({ tokens }) => tokens.generation > claim.generation);
  return newest !== undefined && (await bringToStore(ports, newest)) === "recovered";
}

/** A token that came too late to be the newest may be the one that lives: it becomes the newest, under its own generation. */
async function promote(attempt: Attempt, spare: Spare): Promise<Step> {
  const { ports } = attempt.flight;
  const { connectionId } = attempt.claim;
  const generation = attempt.claim.generation + 1;
  const tokens = await untilStored(ports, connectionId, () => successorFrom(attempt, spare));
  const history = [entry("spare_promoted", generation, { spare_of_generation: spare.tokens.generation })];
  const commit = { connectionId, tokens, dueAt: ports.clock.now(), history };
  const result = await untilStored(ports, connectionId, () => ports.connections.promote(spare, commit));
  if (result.kind === "superseded") return AGAIN;
  ports.observer.event("refresh.spare_promoted", { connectionId, generation });
  attempt.flight.wanting = generation;
  return AGAIN;
}

/** The refresh token of the spare, beside the access token that is in use. */
async function successorFrom({ flight: { ports }, held, claim }: Attempt, spare: Spare): Promise<TokenRecord> {
  const { connection, tokens: before } = held;
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const tokens = {
    ...before,
    refreshExpiresAt: spare.tokens.refreshExpiresAt,
    refreshToken: await openRefreshToken(ports.sealer, owner, spare.tokens),
    accessToken: await openAccessToken(ports.sealer, owner, before),
  };
  const as = { generation: claim.generation + 1, origin: before.origin, rotatedAt: spare.tokens.obtainedAt };
  return sealTokenSet(ports.sealer, owner, tokens, as);
}

async function condemn({ flight, claim, held, client }: Attempt, outcome: Rejected): Promise<Step> {
  const { ports } = flight;
  const { connectionId, generation } = claim;
  const diagnosis = diagnosisOf(claim.earlier, outcome);
  const { cause, confidence } = diagnosis;
  const failures = held.lease.failures + 1;
  const backoffUntil = ports.clock.now() + backoffMs(failures, ports.random, BRAKE_WINDOW);
  const result = await untilStored(ports, connectionId, () =>
    ports.connections.reject({
      claim,
      diagnosis,
      history: entry("reauthorization_required", generation, { cause, ...diagnosis.evidence }),
      brake: {
        windowMs: BRAKE_WINDOW,
        tolerated: toleratedRejections(flight.attempts.of(client.id)),
        patienceMs: BRAKE_PATIENCE,
        backoffUntil,
      },
    }),
  );
  switch (result) {
    case "superseded":
      return AGAIN;
    case "braked":
      ports.observer.event("refresh.rejection_held", { connectionId, clientId: client.id, retryAt: backoffUntil });
      return { kind: "retry_later", cause, retryAt: backoffUntil };
    case "ended":
      ports.observer.event("connection.reauthorization_required", { connectionId, cause, confidence });
      return { kind: "ended" };
  }
}

/** An earlier send of the same token whose answer never came is the likelier cause than the user. */
function diagnosisOf(earlier: Attempt["claim"]["earlier"], { code, description }: Rejected): Diagnosis {
  return {
    cause: earlier ? "rotation_lost" : "unknown",
    confidence: earlier ? "likely" : "possible",
    evidence: { code, description, answer_lost_at: earlier?.firstAt ?? null },
  };
}
