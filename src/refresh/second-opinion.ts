import type { Diagnosis } from "../connection/cause.ts";
import type { ConnectionStore, Snapshot } from "../connection/store.ts";
import type { Rejected } from "../provider/outcome.ts";
import { SECOND } from "../runtime/clock.ts";
import type { Attempt, Step } from "./attempt.ts";
import { backoffMs } from "./backoff.ts";
import { BRAKE_PATIENCE, BRAKE_WINDOW, toleratedRejections } from "./brake.ts";
import { AT_ONCE, diagnose } from "./diagnose.ts";
import { mayResend } from "./lease-times.ts";
import { promoteSpare } from "./promote-spare.ts";
import { bringAnyFromOthers } from "./recover.ts";
import { AGAIN } from "./request.ts";
import { entry } from "./history-entry.ts";
import { untilStored } from "./until-stored.ts";

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
  if (await bringAnyFromOthers(flight.ports, claim.connectionId)) return AGAIN;
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

async function condemn(attempt: Attempt, outcome: Rejected): Promise<Step> {
  const { flight, claim, held, client } = attempt;
  const { ports } = flight;
  const { connectionId, generation } = claim;
  const diagnosis = await diagnosisOf(attempt, outcome);
  const { cause, confidence } = diagnosis;
  const { confirmAfterMs } = outcome;
  const wait = backoffMs(held.lease.failures + 1, ports.random, BRAKE_WINDOW);
  const result = await untilStored(ports, connectionId, () =>
    ports.connections.reject({
      claim,
      diagnosis,
      history: entry("reauthorization_required", generation, { cause, ...diagnosis.evidence }),
      confirmAfterMs,
      brake: isCertain(outcome)
        ? null
        : {
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
    case "unconfirmed": {
      const retryAt = ports.clock.now() + (result === "braked" ? wait : (confirmAfterMs ?? wait));
      ports.observer.event("refresh.rejection_held", { connectionId, clientId: client.id, retryAt });
      return { kind: "retry_later", cause, retryAt };
    }
    case "ended":
      ports.observer.event("connection.reauthorization_required", { connectionId, cause, confidence });
      return { kind: "ended" };
  }
}

/** By a rule of its own the provider says why: that it says of no token that is good, in whatever hour. */
function isCertain({ confidence }: Rejected): boolean {
  return confidence === "certain";
}

async function diagnosisOf(
  { flight: { ports }, claim, held, client, provider }: Attempt,
  outcome: Rejected,
): Promise<Diagnosis> {
  const { connectionId, earlier } = claim;
  const now = ports.clock.now();
  const [company, secret, lostBeforeReplayAt, latest] = await untilStored(ports, connectionId, () =>
    Promise.all([
      ports.connections.company(connectionId, now - AT_ONCE),
      ports.clients.activeSecret(client.id),
      lostBeforeReplay(ports.connections, held),
      // The provider may have told of it while it was being asked.
      ports.connections.snapshot(connectionId),
    ]),
  );
  const secretChangedAt = secret?.promotedAt ?? null;
  return diagnose(outcome, {
    answerLostAt: earlier?.firstAt ?? null,
    lostBeforeReplayAt,
    held,
    client,
    secretChangedAt,
    provider,
    company,
    notice: latest?.lease.notice ?? null,
    now,
  });
}

/** More than a connection has entries after its newest token set. */
const ENTRIES = 20;

/** As the history of the newest token set says (see `keepReceived`). */
async function lostBeforeReplay(
  connections: ConnectionStore,
  { connection, tokens }: Snapshot,
): Promise<number | null> {
  const history = await connections.history(connection.id, { limit: ENTRIES, before: null });
  const refreshed = history.find(({ kind, generation }) => kind === "refreshed" && generation === tokens.generation);
  const at = refreshed?.detail["answer_lost_at"];
  return typeof at === "number" ? at : null;
}
