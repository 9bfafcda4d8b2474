import { providerOf } from "../client/provider-of.ts";
import { clientProof, otherProof, type ClientProof } from "../client/authentication.ts";
import type { Snapshot } from "../connection/store.ts";
import { openAccessToken, openRefreshToken } from "../connection/token-record.ts";
import { readError } from "../oauth/error-answer.ts";
import type { TransportResult } from "../oauth/http.ts";
import { parseJsonObject } from "../oauth/json-object.ts";
import { revocationRequest } from "../oauth/token-request.ts";
import { isSecretRefused } from "../provider/outcome.ts";
import type { Provider } from "../provider/provider.ts";
import { SECOND } from "../runtime/clock.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { ConnectPorts } from "./ports.ts";

/** What became of the tokens at the provider; the connection here is over in every case. */
export interface Disconnected {
  revocation: "revoked" | "unsupported" | "failed" | "nothing_to_revoke";
  detail: string;
}

const DEADLINE = 10 * SECOND;

/** Revokes the connection's tokens at the provider (RFC 7009), then deletes them here, whether or not that worked. */
export async function disconnect(
  ports: ConnectPorts,
  { tenantId, connectionId }: { tenantId: string; connectionId: string },
): Promise<Disconnected> {
  const held = await ports.connections.snapshot(connectionId);
  if (held?.connection.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such connection.");
  const result = await revoke(ports, held).catch(describeFailure);
  const { revocation } = result;
  const generation = held.tokens.generation;
  if (held.connection.status !== "disconnected") {
    await ports.connections.disconnect(connectionId, { kind: "disconnected", generation, detail: { revocation } });
    ports.observer.event("connection.disconnected", { connectionId, revocation });
  }
  if (revocation === "failed") ports.observer.event("revocation.failed", { connectionId });
  return result;
}

async function revoke(ports: ConnectPorts, { connection, tokens }: Snapshot): Promise<Disconnected> {
  if (connection.diagnosis?.cause === "moved_out") {
    return { revocation: "nothing_to_revoke", detail: "Its tokens are another system's, to which it was exported." };
  }
  const client = await ports.clients.find(connection.clientId);
  const provider = client && (await providerOf(ports.catalogue, client));
  if (!provider) return { revocation: "nothing_to_revoke", detail: "No tokens were stored." };
  if (provider.revocation_url === null) {
    return {
      revocation: "unsupported",
      detail: `${provider.name} has no revocation endpoint; the user can remove access in the account's settings there.`,
    };
  }
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const refreshToken = await openRefreshToken(ports.sealer, owner, tokens);
  const token = refreshToken ?? (await openAccessToken(ports.sealer, owner, tokens));
  if (!token) return { revocation: "nothing_to_revoke", detail: "No tokens were stored." };
  const hint = refreshToken ? "refresh_token" : "access_token";
  const { revocation_url: url } = provider;
  const ask = async ({ authentication }: ClientProof): Promise<TransportResult> =>
    ports.transport.send(await revocationRequest(url, authentication, token, hint), { deadlineMs: DEADLINE });
  const proof = await clientProof(ports, client);
  const first = await ask(proof);
  const used = proof.secret?.id;
  const other = isRefused(provider, first) && (await otherProof(ports, client, ({ id }) => id === used));
  return resultOf(other ? await ask(other) : first);
}

/** The server does not know the client's secret, and has not looked at the token. */
function isRefused(provider: Provider, result: TransportResult): boolean {
  if (result.kind === "failure") return false;
  const { status, body } = result.response;
  const error = readError(status, parseJsonObject(new TextDecoder().decode(body)) ?? {});
  return error !== null && isSecretRefused(error, provider);
}

function resultOf(result: TransportResult): Disconnected {
  if (result.kind === "failure") return failed(`the revocation endpoint could not be reached (${result.reason})`);
  const { status } = result.response;
  return status === 200 || status === 204
    ? { revocation: "revoked", detail: "The provider has revoked the tokens." }
    : failed(`the revocation endpoint answered HTTP ${status}`);
}

function describeFailure(error: unknown): Disconnected {
  if (error instanceof ServiceError && error.code !== "store_unavailable") return failed(`of this: ${error.message}`);
  throw error;
}

function failed(why: string): Disconnected {
  return {
    revocation: "failed",
    detail: `Deleted here, but not revoked at the provider, because ${why}. The user can remove access in the account's settings there.`,
  };
}
