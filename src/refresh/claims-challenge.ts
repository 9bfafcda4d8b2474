import { providerOf } from "../client/provider-of.ts";
import { sentence, whoActs } from "../connection/cause.ts";
import type { Connection } from "../connection/connection.ts";
import { writeClaimsChallenge } from "../oauth/claims-challenge.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { claimsToSend } from "./claims-to-send.ts";
import type { RefreshPorts } from "./ports.ts";

/**
 * An API takes no token until `claims` are said at the authorization server. Notes that with the connection, whose link then carries
 * them; true where a refresh may say them too, once.
 */
export async function noteChallenge(
  { connections, clients, catalogue }: Pick<RefreshPorts, "connections" | "clients" | "catalogue">,
  connectionId: string,
  claims: string,
): Promise<boolean> {
  await connections.challenge(connectionId, claims);
  const held = await connections.snapshot(connectionId);
  const client = held && (await clients.find(held.connection.clientId));
  const provider = client && (await providerOf(catalogue, client));
  if (!provider || held.tokens.sealedRefreshToken === null) return false;
  return claimsToSend({ held, provider }) !== null;
}

/** The connection goes on, but the API that refused its token wants a person. */
export function signInWanted(
  { reauthorizationUrl }: { reauthorizationUrl: (connection: Connection) => string },
  connection: Connection,
  claims: string,
): ServiceError {
  const reason = "interaction_required";
  return new ServiceError("reauthorization_required", sentence(reason), {
    reason,
    whoActs: whoActs(reason),
    connectionId: connection.id,
    reauthorizationUrl: reauthorizationUrl(connection),
    claims: writeClaimsChallenge(claims),
  });
}
