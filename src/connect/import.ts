import { createHmac } from "node:crypto";
import { requireRoom } from "../access/room.ts";
import type { Client } from "../client/client.ts";
import { providerOf } from "../client/provider-of.ts";
import type { Account, Connection } from "../connection/connection.ts";
import { sealTokenSet } from "../connection/token-record.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import { marksTokens } from "../provider/provider.ts";
import { dueAt } from "../refresh/due.ts";
import { requiredAndLacking } from "../refresh/lacking-scopes.ts";
import { createId } from "../runtime/id.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { ConnectPorts } from "./ports.ts";

export interface ImportRequest {
  tenantId: string;
  clientId: string;
  accessToken: Secret<string> | null;
  refreshToken: Secret<string> | null;
  /** Epoch milliseconds; null when the other system did not know. */
  expiresAt: number | null;
  scope: string[] | null;
  account: Account | null;
  endUser: string | null;
  labels: Record<string, string>;
  /** Refresh at once; what the provider refuses is not adopted. */
  verify: boolean;
}

/** What an import came to: the connection was made now, or an earlier import of the same refresh token had made it. */
export interface Imported {
  connection: Connection;
  isNew: boolean;
}

/**
 * Adopts a token set from elsewhere. A refresh token is adopted once: a deployment that imports its seed again finds the
 * connection as it is by now, because the seed has been replaced since, and sending it could cost the whole connection. Whoever
 * held it must stop refreshing, or each side will spend the other's tokens. What is not known to live is refreshed at once. Throws
 * `refresh_token_missing`, and `refresh_token_rejected` where it is to be verified.
 */
export async function importConnection(ports: ConnectPorts, request: ImportRequest): Promise<Imported> {
  const { tenantId, refreshToken } = request;
  const client = await ports.clients.find(request.clientId);
  if (client?.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such client.");
  if (!refreshToken) {
    throw new ServiceError(
      "refresh_token_missing",
      "token_set.refresh_token is missing or empty. Without it the connection ends with its access token; connect the account with offline access instead.",
    );
  }
  const seed = seedOf(ports.seedKey, refreshToken);
  const earlier = await importedBefore(ports, client.id, seed);
  if (earlier) return { connection: earlier, isNew: false };
  await requireRoom(ports.tenants, tenantId, "connections");
  const tokens = adopted(ports, request, client);
  const provider = await providerOf(ports.catalogue, client);
  const id = createId("con", ports.clock, ports.random);
  const record = await sealTokenSet(ports.sealer, { tenantId, connectionId: id }, tokens, {
    generation: 1,
    origin: "import",
    marked: provider !== null && marksTokens(provider),
  });
  const connection = {
    id,
    tenantId,
    clientId: client.id,
    providerId: client.providerId,
    endUser: request.endUser,
    account: request.account,
    requestedScopes: tokens.scope,
    grantedScopes: tokens.scope,
    missingScopes: await missingFrom(ports, client, tokens),
    status: "active",
    diagnosis: null,
    policy: "adaptive",
    seed,
    labels: request.labels,
    consentedAt: null,
    lastProvenAt: null,
  } as const;
  const due = dueAt(tokens, ports.random);
  await ports.connections.create(connection, record, due, { kind: "imported", generation: 1, detail: {} });
  const made = await importedBefore(ports, client.id, seed);
  if (!made) throw new ServiceError("internal", "The imported connection cannot be found.");
  // Somebody else imported the same token at the same moment.
  if (made.id !== id) return { connection: made, isNew: false };
  const { expiresAt } = tokens;
  ports.observer.event("connection.created", { connectionId: id, clientId: client.id, expiresAt, dueAt: due });
  if (!request.verify) return { connection: made, isNew: true };
  await ports.refresher.refresh({ connectionId: id, generation: 1, origin: "proof" });
  const proven = (await importedBefore(ports, client.id, seed)) ?? made;
  if (proven.status === "reauthorization_required") await refuse(ports, proven);
  return { connection: proven, isNew: true };
}

/** The connection that an earlier import of this refresh token has made, or null. Changes nothing, and asks no provider. */
export async function findImported(
  ports: ConnectPorts,
  { tenantId, clientId, refreshToken }: { tenantId: string; clientId: string; refreshToken: Secret<string> },
): Promise<Connection | null> {
  const client = await ports.clients.find(clientId);
  if (client?.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such client.");
  return importedBefore(ports, client.id, seedOf(ports.seedKey, refreshToken));
}

/** What its client requires and it was not granted. */
async function missingFrom(ports: ConnectPorts, client: Client, { scope }: TokenSet): Promise<string[]> {
  const provider = await providerOf(ports.catalogue, client);
  const connection = { requiredScopes: [], grantedScopes: scope, missingScopes: [] };
  return provider ? requiredAndLacking({ client, connection, provider }) : [];
}

/** Throws, unless a person has consented meanwhile. */
async function refuse(ports: ConnectPorts, { id, diagnosis }: Connection): Promise<void> {
  if ((await ports.connections.discard(id)) === "kept") return;
  const { code, description } = diagnosis?.evidence ?? {};
  const words = [code, description].filter((word) => typeof word === "string").join(": ");
  ports.observer.event("connection.discarded", { connectionId: id, cause: diagnosis?.cause });
  throw new ServiceError(
    "refresh_token_rejected",
    `The provider refuses this refresh token (${words}), so nothing was stored. Check that it is a refresh token, that it belongs to this client, and that nothing has used it since.`,
    { reason: diagnosis?.cause ?? "unknown", whoActs: "operator" },
  );
}

/** Names the refresh token for its client; without the key it tells nothing about it. */
function seedOf(seedKey: Secret<Uint8Array>, refreshToken: Secret<string>): string {
  return createHmac("sha256", seedKey.reveal()).update(refreshToken.reveal()).digest("base64url");
}

async function importedBefore(ports: ConnectPorts, clientId: string, seed: string): Promise<Connection | null> {
  const id = await ports.connections.findBySeed(clientId, seed);
  return id === null ? null : ((await ports.connections.snapshot(id))?.connection ?? null);
}

function adopted(ports: ConnectPorts, request: ImportRequest, client: Client): TokenSet {
  const now = ports.clock.now();
  const { accessToken, expiresAt } = request;
  return {
    accessToken,
    tokenType: "Bearer",
    refreshToken: request.refreshToken,
    obtainedAt: now,
    expiresAt: accessToken && expiresAt !== null ? expiresAt : now,
    refreshExpiresAt: null,
    scope: request.scope ?? client.scopes,
    answerFields: {},
    dpopKey: client.dpopKey,
  };
}
