import { clientAuthentication } from "../client/authentication.ts";
import type { Client } from "../client/client.ts";
import { redirectUri } from "../client/redirect-uri.ts";
import type { Snapshot } from "../connection/store.ts";
import { openRefreshToken } from "../connection/token-record.ts";
import type { HttpRequest, TransportResult } from "../oauth/http.ts";
import { classifyRefresh, type Outcome } from "../provider/outcome.ts";
import type { Provider } from "../provider/provider.ts";
import { refreshRequestTo } from "../provider/token-endpoint.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { exchangeDeadline } from "./lease-times.ts";
import type { RefreshPorts } from "./ports.ts";

export interface Exchanged {
  outcome: Outcome;
  /** A success that could not be read: the refresh token may be in it. */
  unreadableBody: Uint8Array | null;
  /** When the request was sent; lifetimes are counted from here. */
  sentAt: number;
  durationMs: number;
}

/** A refresh of which only the network can still fail. */
export interface PreparedExchange {
  refreshToken: Secret<string>;
  deadlineMs: number;
  /** Sends one request: no retry, no redirect, no hedging. */
  send(): Promise<Exchanged>;
}

/** Opens and builds everything beforehand. Throws `ServiceError` for what an operator can mend; nothing was sent then. */
export async function prepareExchange(
  ports: RefreshPorts,
  held: Snapshot,
  { client, provider }: { client: Client; provider: Provider },
): Promise<PreparedExchange> {
  const { connection, tokens } = held;
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const refreshToken = await openRefreshToken(ports.sealer, owner, tokens);
  if (!refreshToken) throw new ServiceError("internal", "A connection without a refresh token cannot be refreshed.");
  const authentication = await clientAuthentication(ports, client);
  const request = await refreshRequestTo(provider, authentication, {
    refreshToken,
    redirectUri: redirectUri(ports.publicUrl, client),
    scopes: tokens.scope,
  });
  const deadlineMs = exchangeDeadline(provider.replay);
  return { refreshToken, deadlineMs, send: () => send(ports, request, { provider, refreshToken, deadlineMs }) };
}

async function send(
  { clock, transport }: RefreshPorts,
  request: HttpRequest,
  { provider, refreshToken, deadlineMs }: { provider: Provider; refreshToken: Secret<string>; deadlineMs: number },
): Promise<Exchanged> {
  const sentAt = clock.now();
  const start = clock.monotonic();
  const result = await transport.send(request, { deadlineMs });
  const durationMs = Math.round(clock.monotonic() - start);
  const outcome = classifyRefresh(result, { refreshToken, at: sentAt }, provider);
  return { outcome, unreadableBody: unreadableBody(result, outcome), sentAt, durationMs };
}

function unreadableBody(result: TransportResult, outcome: Outcome): Uint8Array | null {
  if (outcome.kind !== "lost" || result.kind === "failure") return null;
  const { status, body } = result.response;
  return status >= 200 && status < 300 && body.length > 0 ? body : null;
}
