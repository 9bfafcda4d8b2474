import { clientProof, firstOf, otherProof, proofWith, type ClientProof } from "../client/authentication.ts";
import type { LiveSecret } from "../client/client-secret.ts";
import type { Claim } from "../connection/claim.ts";
import type { Outcome } from "../provider/outcome.ts";
import type { Ready } from "./attempt.ts";
import { prepareWith, type Exchanged, type PreparedExchange } from "./exchange.ts";
import { untilStored } from "./until-stored.ts";

/** A secret that a server has refused in this flight. */
export interface RefusedSecret {
  code: string;
  /** `token`: the refresh token was rejected with a secret that was on trial, which may be what is wrong. */
  what: "client" | "token";
}

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
  const isUsual = client.suspension === null && claim.earlier === null && !confirming && refusedSecrets.size === 0;
  const staged = isUsual && live.find(({ awaitsTrial }) => awaitsTrial);
  return staged && (await ports.clients.claimTrial(staged.id)) ? staged : null;
}

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
  const other = await untilStored(ports, connectionId, () => otherProof(ports, client, isOut));
  if (!other) return { ...first, proof };
  if (!(await maySend().catch(() => false))) return null;
  const second = await (await prepareWith(ready, prepared.refreshToken, other)).send();
  notesRefusal(ready, other, second.outcome);
  return { ...second, proof: other };
}

/** True when the server does not know the secret, or may mean it. */
function notesRefusal({ flight }: Ready, { secret, isTrial }: ClientProof, outcome: Outcome): boolean {
  if (secret === null) return false;
  if (outcome.kind === "client_fault" && outcome.cause === "client_secret_rejected") {
    flight.refusedSecrets.set(secret.id, { code: outcome.code, what: "client" });
    return true;
  }
  if (!isTrial || outcome.kind !== "rejected") return false;
  flight.refusedSecrets.set(secret.id, { code: outcome.code, what: "token" });
  return true;
}
