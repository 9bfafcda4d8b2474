import { clientProof, firstOf, proofWith, type ClientProof } from "../client/authentication.ts";
import type { LiveSecret } from "../client/client-secret.ts";
import type { Claim } from "../connection/claim.ts";
import type { Ready } from "./attempt.ts";

/** With which secret the client proves itself first: with a staged one, if it is this refresh that may try it. */
export async function firstProof(ready: Ready, claim: Claim): Promise<ClientProof> {
  const { client, flight } = ready;
  const { ports, refusedSecrets } = flight;
  if (client.authentication === "none") return clientProof(ports, client);
  const live = await ports.clients.liveSecrets(client.id);
  const staged = await takeOnTrial(ready, claim, live);
  if (staged) return { ...(await proofWith(ports, client, staged)), isTrial: true };
  return proofWith(
    ports,
    client,
    firstOf(live, ({ id }) => refusedSecrets.has(id)),
  );
}

/** Only a refresh with nothing else unusual about it tries a secret. */
async function takeOnTrial(
  { client, flight }: Ready,
  claim: Claim,
  live: readonly LiveSecret[],
): Promise<LiveSecret | null> {
  const { ports, refusedSecrets, confirming } = flight;
  const isUsual = client.suspension === null && claim.earlier === null && !confirming && refusedSecrets.isEmpty();
  const staged = isUsual && live.find(({ awaitsTrial }) => awaitsTrial);
  return staged && (await ports.clients.claimTrial(staged.id)) ? staged : null;
}
