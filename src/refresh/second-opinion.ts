import type { Diagnosis } from "../connection/cause.ts";
import type { Outcome } from "../provider/outcome.ts";
import { SECOND } from "../runtime/clock.ts";
import type { Attempt, Step } from "./attempt.ts";
import { backoffMs } from "./backoff.ts";
import { BRAKE_PATIENCE, BRAKE_WINDOW, toleratedRejections } from "./brake.ts";
import { mayResend } from "./lease-times.ts";
import { promoteSpare } from "./promote-spare.ts";
import { bringFromOthers } from "./recover.ts";
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
  if (await bringFromOthers(flight.ports, claim.connectionId)) return AGAIN;
  if (await promoteSpare(attempt, claim)) return AGAIN;
  if (mayAskAgain(attempt)) {
    flight.confirming = true;
    await untilStored(flight.ports, claim.connectionId, () => connections.release({ claim, answered: true }));
    flight.holds = null;
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

async function condemn({ flight, claim, held, client }: Attempt, outcome: Rejected): Promise<Step> {
  const { ports } = flight;
  const { connectionId, generation } = claim;
  const diagnosis = diagnosisOf(claim.earlier, outcome);
  const { cause, confidence } = diagnosis;
  const failures = held.lease.failures + 1;
  const wait = backoffMs(failures, ports.random, BRAKE_WINDOW);
  const retryAt = ports.clock.now() + wait;
  const result = await untilStored(ports, connectionId, () =>
    ports.connections.reject({
      claim,
      diagnosis,
      history: entry("reauthorization_required", generation, { cause, ...diagnosis.evidence }),
      brake: {
        windowMs: BRAKE_WINDOW,
        tolerated: toleratedRejections(flight.attempts.of(client.id)),
        patienceMs: BRAKE_PATIENCE,
        backoffMs: wait,
      },
    }),
  );
  switch (result) {
    case "superseded":
      return AGAIN;
    case "braked":
      ports.observer.event("refresh.rejection_held", { connectionId, clientId: client.id, retryAt });
      return { kind: "retry_later", cause, retryAt };
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
