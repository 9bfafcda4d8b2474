import { createHash } from "node:crypto";
import { requireRoom } from "../access/room.ts";
import type { Client } from "../client/client.ts";
import { providerOf } from "../client/provider-of.ts";
import { addressOf } from "../client/redirect-uri.ts";
import type { Connection } from "../connection/connection.ts";
import { withClaims } from "../oauth/claims-challenge.ts";
import type { Provider } from "../provider/provider.ts";
import { missingScopes } from "../provider/scope-coverage.ts";
import { MINUTE } from "../runtime/clock.ts";
import { createId } from "../runtime/id.ts";
import { randomToken } from "../runtime/random.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { ConnectPorts } from "./ports.ts";

export interface ConnectRequest {
  tenantId: string;
  /** Our id of the client, or null to take the connection's. */
  clientId: string | null;
  connectionId: string | null;
  scopes: string[];
  /** Asked for too; the connection is degraded without one of them. */
  requiredScopes: string[];
  endUser: string | null;
  returnUrl: string | null;
  completion: "confirm" | "automatic" | null;
}

export interface StartedSession {
  id: string;
  /** What `beginAuthorization` takes; the last part of the URL. */
  token: string;
  connectUrl: string;
  expiresAt: number;
}

/** From here to the user's return. */
const SESSION_LIFE = 10 * MINUTE;

/** Makes a connect session; its URL is for one user, who begins there. */
export async function startConnectSession(ports: ConnectPorts, request: ConnectRequest): Promise<StartedSession> {
  const connection =
    request.connectionId === null ? null : await existing(ports, request.tenantId, request.connectionId);
  const client = await clientFor(ports, request, connection);
  const provider = await providerOf(ports.catalogue, client);
  if (!provider) throw new ServiceError("unknown_provider", "The provider of this client is no longer defined.");
  checkReturnUrl(client, request);
  if (!connection) await requireRoom(ports.tenants, request.tenantId, "connections");
  const link = randomToken(ports.random);
  const id = createId("cs", ports.clock, ports.random);
  const expiresAt = ports.clock.now() + SESSION_LIFE;
  await ports.sessions.create({
    id,
    tenantId: request.tenantId,
    clientId: client.id,
    connectionId: connection?.id ?? null,
    endUser: request.endUser ?? connection?.endUser ?? null,
    scopes: scopesToAsk(provider, client, request, connection),
    requiredScopes: request.requiredScopes,
    parameters: parametersToSend(provider, client, connection),
    returnUrl: request.returnUrl,
    completion: request.completion ?? (request.returnUrl === null ? "automatic" : "confirm"),
    linkHash: sha256(link),
    expiresAt,
  });
  const token = `${id}.${link}`;
  return { id, token, connectUrl: `${addressOf(ports.publicUrl, client)}/connect/${token}`, expiresAt };
}

async function existing(ports: ConnectPorts, tenantId: string, id: string): Promise<Connection> {
  const connection = (await ports.connections.snapshot(id))?.connection;
  if (connection?.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such connection.");
  return connection;
}

/** A connection stays with the client that obtained it: another client's tokens would not be refreshable by it. */
async function clientFor(ports: ConnectPorts, request: ConnectRequest, connection: Connection | null): Promise<Client> {
  const id = request.clientId ?? connection?.clientId;
  if (id === undefined) throw new ServiceError("invalid_request", "Name the client to connect with.");
  if (connection && connection.clientId !== id) {
    throw new ServiceError("invalid_request", "The connection belongs to another client; leave the client out.");
  }
  const client = await ports.clients.find(id);
  if (client?.tenantId !== request.tenantId) throw new ServiceError("not_found", "There is no such client.");
  return client;
}

function checkReturnUrl(client: Client, { returnUrl, completion }: ConnectRequest): void {
  if (returnUrl === null && completion === "confirm") {
    throw new ServiceError(
      "invalid_request",
      "A completion of `confirm` needs a return_url: there the application learns who came back.",
    );
  }
  if (returnUrl === null || client.settings.returnUrls.includes(returnUrl)) return;
  throw new ServiceError(
    "invalid_request",
    "The return_url is not one of the client's settings.return_urls, which are compared exactly.",
  );
}

/** Identity, offline access, the client's and the caller's; on a reauthorization also what was asked for or granted before. */
function scopesToAsk(
  provider: Provider,
  client: Client,
  { scopes, requiredScopes }: ConnectRequest,
  connection: Connection | null,
): string[] {
  const offline = client.settings.offlineAccess ? provider.offline_access.scopes : [];
  const own = [...client.scopes, ...client.settings.requiredScopes];
  const isOwn = (scope: string): boolean => !provider.offline_access.scopes.includes(scope);
  const before = [...(connection?.requestedScopes ?? []), ...(connection?.requiredScopes ?? [])].filter(isOwn);
  const asked = [...provider.identity_scopes, ...own, ...before, ...scopes, ...requiredScopes];
  const held = [...(connection?.grantedScopes ?? []), ...(connection?.missingScopes ?? [])];
  // What is in what is asked for is not asked for again by another of its names.
  return [...new Set([...asked, ...missingScopes(provider, { needed: held, granted: asked }), ...offline])];
}

function parametersToSend(provider: Provider, client: Client, connection: Connection | null): Record<string, string> {
  const parameters = {
    ...provider.authorization_parameters,
    ...(client.settings.offlineAccess && provider.offline_access.parameters),
    ...(connection && provider.scope_upgrade.parameters),
    ...client.settings.authorizationParameters,
  };
  const challenge = provider.claims_parameter.includes("authorization") ? (connection?.claims ?? null) : null;
  return challenge ? { ...parameters, claims: withClaims(parameters["claims"], challenge.json) } : parameters;
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
