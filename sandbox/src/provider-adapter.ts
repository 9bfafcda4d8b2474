import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider";
import type { StoredClient } from "./client-table.ts";
import type { Store } from "./store.ts";

/** Gives oidc-provider the sandbox's store. */
export function createProviderAdapter({ artifacts, clients }: Pick<Store, "artifacts" | "clients">): AdapterFactory {
  return (model): Adapter => ({
    find: async (id) => {
      if (model !== "Client") return artifacts.find(model, id);
      const client = clients.find(id);
      return client && clientMetadata(client);
    },
    findByUid: async (uid) => artifacts.findByUid(model, uid),
    findByUserCode: async () => undefined,
    upsert: async (id, payload, lifetimeSeconds) => artifacts.save(model, id, payload, lifetimeSeconds),
    consume: async (id) => artifacts.consume(model, id),
    destroy: async (id) => artifacts.destroy(model, id),
    revokeByGrantId: async (grantId) => artifacts.destroyByGrant(model, grantId),
  });
}

/** A client as oidc-provider wants it (RFC 7591 §2). It takes Basic and form credentials alike for either secret method. */
function clientMetadata(client: StoredClient): AdapterPayload {
  const method = client.tokenEndpointAuthMethod ?? "client_secret_basic";
  return {
    client_id: client.clientId,
    ...(method.startsWith("client_secret") && { client_secret: client.clientSecret }),
    ...(client.jwksUri !== undefined && { jwks_uri: client.jwksUri }),
    ...(client.dpop && { dpop_bound_access_tokens: true }),
    redirect_uris: client.redirectUris,
    token_endpoint_auth_method: method,
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
  };
}
