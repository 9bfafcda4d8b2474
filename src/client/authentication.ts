import type { ClientAuthentication } from "../oauth/client-authentication.ts";
import type { Sealer } from "../runtime/sealer.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { LiveSecret } from "./client-secret.ts";
import type { Client, ClientStore } from "./client.ts";

/** What a token request proves its client with. */
export interface ClientProof {
  authentication: ClientAuthentication;
  /** Null for a public client. */
  secret: LiveSecret | null;
  /** The secret is staged, and this request is to show whether it is any good. */
  isTrial: boolean;
}

export interface AuthenticationDeps {
  clients: Pick<ClientStore, "liveSecrets">;
  sealer: Sealer;
}

/** What proves `client` at its provider: its active secret. Throws when it has none or the key is away. */
export async function clientProof(deps: AuthenticationDeps, client: Client): Promise<ClientProof> {
  if (client.authentication === "none") return publicProof(client);
  return proofWith(deps.sealer, client, firstOf(await deps.clients.liveSecrets(client.id)));
}

/** The one to use, of those that live: one that `isOut` names only where there is no other. Throws when there is none. */
export function firstOf(live: readonly LiveSecret[], isOut: (secret: LiveSecret) => boolean = () => false): LiveSecret {
  const secret = live.find((candidate) => !isOut(candidate)) ?? live[0];
  if (secret) return secret;
  throw new ServiceError("client_suspended", "The client has no secret; add one with POST /v1/clients/{id}/secrets.");
}

/** The client's other live secret, for a request that was refused with this one; null when there is none. */
export async function otherProof(
  deps: AuthenticationDeps,
  client: Client,
  isOut: (secret: LiveSecret) => boolean,
): Promise<ClientProof | null> {
  // Read anew, because it may have been replaced meanwhile.
  const other = (await deps.clients.liveSecrets(client.id)).find((candidate) => !isOut(candidate));
  return other ? proofWith(deps.sealer, client, other) : null;
}

export async function proofWith(
  sealer: Sealer,
  { tenantId, clientId, authentication: method }: Client,
  secret: LiveSecret,
): Promise<ClientProof> {
  if (method === "none") return publicProof({ clientId });
  const clientSecret = await sealer.open(secretAddress(tenantId, secret.id), secret.sealed);
  return { authentication: { method, clientId, clientSecret }, secret, isTrial: false };
}

function publicProof({ clientId }: Pick<Client, "clientId">): ClientProof {
  return { authentication: { method: "none", clientId }, secret: null, isTrial: false };
}

export function secretAddress(tenantId: string, secretId: string) {
  return { tenantId, recordId: secretId, field: "client_secret" as const, generation: 0 };
}
