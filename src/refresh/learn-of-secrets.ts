import type { Rejected } from "../provider/outcome.ts";
import type { Attempt } from "./attempt.ts";
import { untilStored } from "./until-stored.ts";

/**
 * The server has accepted the client, and so says something of its secrets: of the one that it was given, and of the one that it
 * refused just before. A refusal alone says nothing of a secret: in a provider's bad hour all of them are refused.
 */
export async function learnOfSecrets(attempt: Attempt, accepted: "tokens" | Rejected["kind"]): Promise<void> {
  const { flight, client, claim, proof } = attempt;
  const { ports, refusedSecrets } = flight;
  const { clients, observer } = ports;
  const clientId = client.id;
  const { secret } = proof;
  if (secret === null) return;
  const { id: acceptedId } = secret;
  for (const { id, code, what } of refusedSecrets.take()) {
    if (id === acceptedId || (what === "token" && accepted === "rejected")) continue;
    const refusal = { clientId, refused: { id, code }, acceptedId };
    const learned = await untilStored(ports, claim.connectionId, () => clients.noteRefusal(refusal));
    if (learned === "refused") observer.event("client.secret_refused", { clientId, secretId: id, code });
    if (learned === "switched") {
      observer.event("client.secret_switched", { clientId, secretId: acceptedId, insteadOf: id, code });
    }
  }
  if (accepted === "tokens" && secret.state === "staged") {
    const learned = await untilStored(ports, claim.connectionId, () => clients.proveSecret(clientId, secret.id));
    if (learned === "promoted") observer.event("client.secret_promoted", { clientId, secretId: secret.id, by: null });
  }
  await flight.secretUses.note(secret.id);
}
