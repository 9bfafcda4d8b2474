import { providerOf } from "../../client/provider-of.ts";
import type { ClientStore } from "../../client/client.ts";
import type { ConnectionStore } from "../../connection/store.ts";
import { apiHosts, originOf, type ApiHost, type NamedHost } from "../../provider/api-hosts.ts";
import type { Catalogue } from "../../provider/catalogue.ts";
import type { AccessToken } from "../../refresh/access-token.ts";
import { ServiceError } from "../../runtime/service-error.ts";

/** The API that a connection is for. */
export interface Api {
  /** Where its tokens may go: to the provider's hosts, by its entry and by what the token answer named, and to the client's. */
  hosts: readonly ApiHost[];
  /** See `api_token_header` of the provider's entry. */
  tokenHeader: string | null;
}

/** What tells. */
export interface ApiOfPorts {
  connections: Pick<ConnectionStore, "snapshot">;
  clients: Pick<ClientStore, "find">;
  catalogue: Pick<Catalogue, "resolve">;
}

/** Tells the API of a token, and knows it for as long as the token is kept in memory: some seconds. */
export function createApiOf(): (ports: ApiOfPorts, token: AccessToken) => Promise<Api> {
  const known = new WeakMap<AccessToken, Promise<Api>>();
  return (ports, token) => {
    const api = known.get(token) ?? apiOf(ports, token);
    known.set(token, api);
    api.catch(() => known.delete(token));
    return api;
  };
}

async function apiOf(
  { connections, clients, catalogue }: ApiOfPorts,
  { connectionId, answerFields }: Pick<AccessToken, "connectionId" | "answerFields">,
): Promise<Api> {
  const held = await connections.snapshot(connectionId);
  const client = held && (await clients.find(held.connection.clientId));
  const provider = client && (await providerOf(catalogue, client));
  const patterns = [...(provider?.api_hosts ?? []), ...(client?.settings.proxyHosts ?? [])];
  return { hosts: apiHosts(patterns, answerFields), tokenHeader: provider?.api_token_header ?? null };
}

/** Throws `host_not_allowed`. */
export function requireOrigin(hosts: readonly ApiHost[], named: NamedHost, connectionId: string): string {
  const origin = originOf(hosts, named);
  if (origin !== null) return origin;
  throw new ServiceError(
    "host_not_allowed",
    "Tokens of this connection do not go to that host. To allow it, add it to `proxy_hosts` in the settings of its client (PATCH /v1/clients/{id}).",
    { connectionId },
  );
}
