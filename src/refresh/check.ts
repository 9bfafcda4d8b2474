import { askUserinfo } from "../client/ask-userinfo.ts";
import { dpopProver } from "../client/dpop-prover.ts";
import { providerOf } from "../client/provider-of.ts";
import type { Connection } from "../connection/connection.ts";
import type { Snapshot } from "../connection/store.ts";
import { openAccessToken } from "../connection/token-record.ts";
import { readError } from "../oauth/error-answer.ts";
import type { HttpResponse } from "../oauth/http.ts";
import { parseJsonObject } from "../oauth/json-object.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { RefreshPorts } from "./ports.ts";
import { lifeLeft } from "./due.ts";
import type { Refresher } from "./refresh.ts";

/** What asking the provider came to. */
export interface Checked {
  connection: Connection;
  /** How the provider confirmed it; null when it did not. */
  provenBy: "userinfo" | "refresh" | null;
}

/**
 * Asks the provider whether the connection works, without risking the refresh token where that can be avoided: with a living
 * access token and a userinfo endpoint it costs one read, else one refresh.
 */
export async function checkConnection(
  ports: RefreshPorts & { refresher: Refresher },
  { tenantId, connectionId }: { tenantId: string; connectionId: string },
): Promise<Checked> {
  const held = await ports.connections.snapshot(connectionId);
  if (held?.connection.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such connection.");
  if (lifeLeft(held.tokens, ports.clock.now()) > 0 && (await userinfoAccepts(ports, held))) {
    await ports.connections.markProven(connectionId);
    return { connection: await current(ports, connectionId), provenBy: "userinfo" };
  }
  const { generation } = held.tokens;
  const result = await ports.refresher.refresh({ connectionId, generation, origin: "manual" });
  return { connection: await current(ports, connectionId), provenBy: result.kind === "renewed" ? "refresh" : null };
}

async function userinfoAccepts(ports: RefreshPorts, { connection, tokens }: Snapshot): Promise<boolean> {
  const client = await ports.clients.find(connection.clientId);
  const provider = client && (await providerOf(ports.catalogue, client));
  if (!provider?.userinfo_url) return false;
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const accessToken = await openAccessToken(ports.sealer, owner, tokens);
  if (!accessToken) return false;
  const { transport } = ports;
  const prover = await dpopProver(ports, owner.tenantId, tokens.dpopKey);
  const token = { accessToken, tokenType: tokens.tokenType };
  const result = await askUserinfo({ transport, prover }, provider.userinfo_url, token);
  return result.kind === "response" && isProof(result.response);
}

/** Some servers say under HTTP 200 that they refuse. */
function isProof({ status, body }: HttpResponse): boolean {
  if (status !== 200) return false;
  const json = parseJsonObject(new TextDecoder().decode(body));
  return json === null || (json["ok"] !== false && readError(status, json) === null);
}

async function current(ports: RefreshPorts, connectionId: string): Promise<Connection> {
  const held = await ports.connections.snapshot(connectionId);
  if (!held) throw new ServiceError("not_found", "There is no such connection.");
  return held.connection;
}
