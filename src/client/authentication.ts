import { clientAssertion } from "../oauth/client-assertion.ts";
import type { ClientAuthentication } from "../oauth/client-authentication.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import type { Sealer } from "../runtime/sealer.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { readClientCertificate, readClientKey } from "./client-key.ts";
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
  clock: Clock;
  random: Random;
}

/** What proves `client` at its provider: its active secret. Throws when it has none or the key is away. */
export async function clientProof(deps: AuthenticationDeps, client: Client): Promise<ClientProof> {
  if (client.authentication === "none") return publicProof(client);
  return proofWith(deps, client, firstOf(await deps.clients.liveSecrets(client.id)));
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
  return other ? proofWith(deps, client, other) : null;
}

export async function proofWith(
  deps: Pick<AuthenticationDeps, "sealer" | "clock" | "random">,
  client: Client,
  secret: LiveSecret,
): Promise<ClientProof> {
  const opened = await deps.sealer.open(secretAddress(client.tenantId, secret.id), secret.sealed);
  return { authentication: authenticationOf(deps, client, opened), secret, isTrial: false };
}

function authenticationOf(
  ports: { clock: Clock; random: Random },
  { clientId, authentication: method, settings }: Client,
  opened: Secret<string>,
): ClientAuthentication {
  switch (method) {
    case "client_secret_basic":
    case "client_secret_post":
      return { method, clientId, clientSecret: opened };
    case "private_key_jwt": {
      const key = readClientKey(opened);
      const asserted = { clientId, certificateThumbprint: key.certificateThumbprint };
      const audienceAt = (endpoint: string): string => settings.assertionAudience ?? endpoint;
      const assertFor = (endpoint: string) =>
        clientAssertion(key, { ...asserted, audience: audienceAt(endpoint) }, ports);
      return { method, clientId, assertFor };
    }
    case "tls_client_auth":
    case "self_signed_tls_client_auth":
      return { method, clientId, clientCertificate: readClientCertificate(opened) };
    case "none":
      return { method, clientId };
  }
}

function publicProof({ clientId }: Pick<Client, "clientId">): ClientProof {
  return { authentication: { method: "none", clientId }, secret: null, isTrial: false };
}

export function secretAddress(tenantId: string, secretId: string) {
  return { tenantId, recordId: secretId, field: "client_secret" as const, generation: 0 };
}
