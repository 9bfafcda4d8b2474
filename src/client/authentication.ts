import type { ClientAuthentication } from "../oauth/client-authentication.ts";
import type { Sealer } from "../runtime/sealer.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { Client, ClientStore } from "./client.ts";

/** What proves `client` at its provider, with its active secret opened. Throws when it has none or the key is away. */
export async function clientAuthentication(
  deps: { clients: ClientStore; sealer: Sealer },
  client: Client,
): Promise<ClientAuthentication> {
  const { clientId } = client;
  if (client.authentication === "none") return { method: "none", clientId };
  const active = await deps.clients.activeSecret(client.id);
  if (!active) {
    throw new ServiceError("client_suspended", "The client has no secret; add one with POST /v1/clients/{id}/secrets.");
  }
  const address = secretAddress(client.tenantId, active.id);
  return { method: client.authentication, clientId, clientSecret: await deps.sealer.open(address, active.sealed) };
}

export function secretAddress(tenantId: string, secretId: string) {
  return { tenantId, recordId: secretId, field: "client_secret" as const, generation: 0 };
}
