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
import type { ConnectSession } from "./connect-session.ts";
import type { ConnectPorts } from "./ports.ts";
import type { AccountRule } from "./reauthorization-link.ts";

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
  /** For a connection: whether another account may take its place. */
  account: AccountRule;
  /**
   * The session in which the user chose the wrong account: the provider is to ask which one, and this session ends when that one does,
   * so that nobody goes on for ever with a link that was revoked.
   */
  retryOf: Pick<ConnectSession, "expiresAt"> | null;
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
  const switchEpoch = switchEpochFor(request, connection);
  if (!connection) await requireRoom(ports.tenants, request.tenantId, "connections");
  const link = randomToken(ports.random);
  const id = createId("cs", ports.clock, ports.random);
  const expiresAt = request.retryOf?.expiresAt ?? ports.clock.now() + SESSION_LIFE;
  await ports.sessions.create({
    id,
    tenantId: request.tenantId,
    clientId: client.id,
    connectionId: connection?.id ?? null,
    endUser: request.endUser ?? connection?.endUser ?? null,
    scopes: scopesToAsk(provider, client, request, connection),
    requiredScopes: request.requiredScopes,
    parameters: parametersToSend(provider, client, request, connection),
    returnUrl: request.returnUrl,
    completion: request.completion ?? (request.returnUrl === null ? "automatic" : "confirm"),
    switchEpoch,
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

/** A connection stays with the client that obtained it, whose tokens another could not refresh, unless it is being moved. */
async function clientFor(ports: ConnectPorts, request: ConnectRequest, connection: Connection | null): Promise<Client> {
  const own = connection && ((await ports.moves.destinationOf(connection.id)) ?? connection.clientId);
  const id = request.clientId ?? own;
  if (id === null) throw new ServiceError("invalid_request", "Name the client to connect with.");
  if (own !== null && own !== id) {
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

function parametersToSend(
  provider: Provider,
  client: Client,
  { account, retryOf }: Pick<ConnectRequest, "account" | "retryOf">,
  connection: Connection | null,
): Record<string, string> {
  const parameters = {
    ...provider.authorization_parameters,
    ...(client.settings.offlineAccess && provider.offline_access.parameters),
    ...(connection && provider.scope_upgrade.parameters),
    ...(account === "same" && parametersByAccount(provider, connection)),
    ...client.settings.authorizationParameters,
    ...((account === "may_change" || retryOf !== null) && provider.reauthorization.choose_account),
  };
  const challenge = provider.claims_parameter.includes("authorization") ? (connection?.claims ?? null) : null;
  return challenge ? { ...parameters, claims: withClaims(parameters["claims"], challenge.json) } : parameters;
}

function parametersByAccount({ reauthorization }: Provider, connection: Connection | null): Record<string, string> {
  const id = connection?.account?.id;
  if (id === undefined) return {};
  return reauthorization.by_account.find(({ starts_with: start }) => id.startsWith(start))?.parameters ?? {};
}

/** The user is asked on a page of ours, so the code has to be exchanged while the user is there. */
function switchEpochFor({ account, returnUrl, completion }: ConnectRequest, connection: Connection | null) {
  if (account === "same") return null;
  if (!connection) throw new ServiceError("invalid_request", "account: may_change is about a connection; name it.");
  if (completion === "confirm" || (completion === null && returnUrl !== null)) {
    throw new ServiceError(
      "invalid_request",
      "account: may_change needs the completion `automatic`, because the user confirms the other account here.",
    );
  }
  return connection.linkEpoch;
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
