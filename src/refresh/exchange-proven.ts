import { otherProof, type ClientProof } from "../client/authentication.ts";
import type { LiveSecret } from "../client/client-secret.ts";
import type { Outcome } from "../provider/outcome.ts";
import type { Ready } from "./attempt.ts";
import { prepareWith, type Exchanged, type PreparedExchange } from "./exchange.ts";
import { untilStored } from "./until-stored.ts";

/** An exchange, and with which secret it came to that. */
export interface ProvenExchange extends Exchanged {
  proof: ClientProof;
}

/**
 * Sends; and where the server refuses the client itself, so that it has not looked at the refresh token (RFC 6749 §5.2), once
 * more in the same claim with the client's other secret. With a secret on trial a rejected token is asked about again too: servers
 * bind refresh tokens to secrets. Null: the other one has to be tried, but in another claim.
 */
export async function exchangeProven(
  ready: Ready,
  prepared: PreparedExchange,
  maySend: () => Promise<boolean>,
): Promise<ProvenExchange | null> {
  const { flight, client } = ready;
  const { ports, refusedSecrets, connectionId } = flight;
  const first = await prepared.send();
  const { proof } = prepared;
  if (!notesRefusal(ready, proof, first.outcome)) return { ...first, proof };
  const isOut = ({ id }: LiveSecret): boolean => refusedSecrets.has(id);
  const findOther = () => untilStored(ports, connectionId, () => otherProof(ports, client, isOut));
  const other = await findOther();
  if (!other) return { ...first, proof };
  if (!(await maySend().catch(() => false))) return null;
  const second = await (await prepareWith(ready, prepared.refreshToken, other)).send();
  const isRefused = notesRefusal(ready, other, second.outcome);
  // With the one on trial the client was let in: what the server said of the token stands.
  if (isRefused && first.outcome.kind === "rejected") return { ...first, proof };
  // Somebody has changed the secrets meanwhile.
  if (isRefused && (await findOther())) return null;
  return { ...second, proof: other };
}

/** True when the server does not know the secret, or may mean it. */
function notesRefusal({ flight }: Ready, { secret, isTrial }: ClientProof, outcome: Outcome): boolean {
  if (secret === null) return false;
  if (outcome.kind === "client_fault" && outcome.cause === "client_secret_rejected") {
    flight.refusedSecrets.note(secret.id, { code: outcome.code, what: "client" });
    return true;
  }
  if (!isTrial || outcome.kind !== "rejected") return false;
  flight.refusedSecrets.note(secret.id, { code: outcome.code, what: "token" });
  return true;
}
