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
 * bind refresh tokens to secrets. Null: it has to be sent again, but in another claim.
 */
export async function exchangeProven(
  ready: Ready,
  prepared: PreparedExchange,
  maySend: () => Promise<boolean>,
): Promise<ProvenExchange | null> {
  const { flight, client } = ready;
  const { ports, refusedSecrets, connectionId } = flight;
  const first = await withNonce(ready, prepared, maySend);
  if (first === null) return null;
  const { proof } = prepared;
  if (!notesRefusal(ready, proof, first.outcome)) return { ...first, proof };
  const isOut = ({ id }: LiveSecret): boolean => refusedSecrets.has(id);
  const findOther = () => untilStored(ports, connectionId, () => otherProof(ports, client, isOut));
  const other = await findOther();
  if (!other) return lastWord(ready, { ...first, proof });
  if (!(await maySend().catch(() => false))) return null;
  const second = await withNonce(ready, await prepareWith(ready, prepared, other), maySend);
  if (second === null) return null;
  const isRefused = notesRefusal(ready, other, second.outcome);
  // With the one on trial the client was let in: what the server said of the token stands.
  if (isRefused && first.outcome.kind === "rejected") return { ...first, proof };
  // Somebody has changed the secrets meanwhile.
  if (isRefused && (await findOther())) return null;
  return lastWord(ready, { ...second, proof: other });
}

/** Unless, with another secret, the client was let in a moment ago: then that one is asked again, and believed. */
function lastWord({ flight }: Ready, exchanged: ProvenExchange): ProvenExchange | null {
  return exchanged.outcome.kind === "client_fault" && flight.refusedSecrets.forgetLetIn() ? null : exchanged;
}

/**
 * Sends; and once more where the server wants a nonce in the proof of the key, which it asks for before it looks at the refresh token
 * (RFC 9449 §8). All of the request is made anew: a client assertion too can be used once.
 */
async function withNonce(
  ready: Ready,
  prepared: PreparedExchange,
  maySend: () => Promise<boolean>,
): Promise<Exchanged | null> {
  const first = await prepared.send();
  if (!first.wantsNonce) return first;
  if (!(await maySend().catch(() => false))) return null;
  return (await prepareWith(ready, prepared, prepared.proof)).send();
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
