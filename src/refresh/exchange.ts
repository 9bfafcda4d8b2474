import { clientAuthentication } from "../client/authentication.ts";
import type { Client } from "../client/client.ts";
import { openRefreshToken } from "../connection/token-record.ts";
import type { HttpRequest } from "../oauth/http.ts";
import { refreshRequest } from "../oauth/token-request.ts";
import { classifyRefresh, type Outcome } from "../provider/outcome.ts";
import type { Provider } from "../provider/provider.ts";
import { SECOND } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { Snapshot } from "../connection/store.ts";
import type { RefreshPorts } from "./ports.ts";

/** The longest one exchange may take; the connection is not refreshed by anybody else meanwhile. */
const EXCHANGE_DEADLINE = 30 * SECOND;

export interface Exchanged {
  outcome: Outcome;
  provider: Provider;
  /** When the request was sent; lifetimes are counted from here. */
  sentAt: number;
  durationMs: number;
}

export interface PreparedExchange {
  refreshToken: Secret<string>;
  /** Sends one request: no retry, no redirect, no hedging. */
  send(): Promise<Exchanged>;
}

/** Opens and builds everything beforehand, so that only the network can fail once the attempt is claimed. */
export async function prepareExchange(ports: RefreshPorts, held: Snapshot, client: Client): Promise<PreparedExchange> {
  const { connection, tokens } = held;
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const refreshToken = await openRefreshToken(ports.sealer, owner, tokens);
  const provider = await ports.catalogue.find(connection.providerId);
  if (!refreshToken) throw new ServiceError("internal", "A connection without a refresh token cannot be refreshed.");
  if (!provider) throw new ServiceError("unknown_provider", "The provider of this connection is no longer defined.");
  const authentication = await clientAuthentication(ports, client);
  const request = await refreshRequest(provider.refresh_url ?? provider.token_url, authentication, refreshToken);
  return { refreshToken, send: () => send(ports, { request, provider, refreshToken }) };
}

async function send(
  { clock, transport }: RefreshPorts,
  { request, provider, refreshToken }: { request: HttpRequest; provider: Provider; refreshToken: Secret<string> },
): Promise<Exchanged> {
  const sentAt = clock.now();
  const start = clock.monotonic();
  const result = await transport.send(request, { deadlineMs: EXCHANGE_DEADLINE });
  const durationMs = Math.round(clock.monotonic() - start);
  return { outcome: classifyRefresh(result, refreshToken), provider, sentAt, durationMs };
}
