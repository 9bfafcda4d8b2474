import type { ClientProof } from "../client/authentication.ts";
import { dpopProver, type DpopProver } from "../client/dpop-prover.ts";
import { redirectUri } from "../client/redirect-uri.ts";
import type { Claim } from "../connection/claim.ts";
import { openRefreshToken } from "../connection/token-record.ts";
import { withClaims } from "../oauth/claims-challenge.ts";
import type { HttpRequest, TransportResult } from "../oauth/http.ts";
import { classifyRefresh, type Outcome } from "../provider/outcome.ts";
import type { Provider } from "../provider/provider.ts";
import { refreshRequestTo } from "../provider/token-endpoint.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { Ready } from "./attempt.ts";
import { claimsToSend } from "./claims-to-send.ts";
import { firstProof } from "./first-proof.ts";
import { exchangeDeadline } from "./lease-times.ts";
import type { RefreshPorts } from "./ports.ts";

export interface Exchanged {
  outcome: Outcome;
  /** A success that could not be read: the refresh token may be in it. */
  unreadableBody: Uint8Array | null;
  /** The server wants a nonce that is known by now in the proof of the key, and has done nothing (RFC 9449 §8). */
  wantsNonce: boolean;
  /** When the request was sent; lifetimes are counted from here. */
  sentAt: number;
  durationMs: number;
}

/** What was opened for an exchange, and serves for another one in the same claim. */
export interface Opened {
  refreshToken: Secret<string>;
  /** Proves the key that the refresh token may be bound to. */
  prover: DpopProver;
}

/** A refresh of which only the network can still fail. */
export interface PreparedExchange extends Opened {
  /** What the client proves itself with. */
  proof: ClientProof;
  deadlineMs: number;
  /** Sends one request: no retry, no redirect, no hedging. */
  send(): Promise<Exchanged>;
}

/** Opens and builds everything beforehand. Throws `ServiceError` for what an operator can mend; nothing was sent then. */
export async function prepareExchange(ready: Ready, claim: Claim): Promise<PreparedExchange> {
  const { connection, tokens } = ready.held;
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const refreshToken = await openRefreshToken(ready.flight.ports.sealer, owner, tokens);
  if (!refreshToken) throw new ServiceError("internal", "A connection without a refresh token cannot be refreshed.");
  const prover = await dpopProver(ready.flight.ports, owner.tenantId, tokens.dpopKey);
  return prepareWith(ready, { refreshToken, prover }, await firstProof(ready, claim));
}

export async function prepareWith(ready: Ready, opened: Opened, proof: ClientProof): Promise<PreparedExchange> {
  const { flight, held, client, provider } = ready;
  const { ports } = flight;
  const claims = claimsToSend(ready);
  const request = await refreshRequestTo(provider, proof.authentication, {
    refreshToken: opened.refreshToken,
    redirectUri: redirectUri(ports.publicUrl, client),
    scopes: held.tokens.scope,
    claims: claims && withClaims(client.settings.authorizationParameters["claims"], claims),
  });
  const proven = await opened.prover.prove(request);
  const deadlineMs = exchangeDeadline(provider.replay);
  const sent = async (): Promise<Exchanged> => {
    const exchanged = await send(ports, proven, { ...opened, provider, deadlineMs });
    tell(ready, exchanged);
    return exchanged;
  };
  return { ...opened, proof, deadlineMs, send: sent };
}

/** One token request, whatever it came to: what a server asks for a nonce is half of one. */
function tell({ flight, held: { connection } }: Ready, { outcome, wantsNonce, durationMs }: Exchanged): void {
  if (wantsNonce) return;
  const { id: connectionId, tenantId, clientId } = connection;
  const told = outcome.kind === "rotated" || outcome.kind === "renewed" ? "succeeded" : outcome.kind;
  flight.ports.observer.event("refresh.answered", { connectionId, tenantId, clientId, outcome: told, durationMs });
}

async function send(
  { clock, transport }: RefreshPorts,
  request: HttpRequest,
  { provider, refreshToken, prover, deadlineMs }: Opened & { provider: Provider; deadlineMs: number },
): Promise<Exchanged> {
  const sentAt = clock.now();
  const start = clock.monotonic();
  const result = await transport.send(request, { deadlineMs });
  const durationMs = Math.round(clock.monotonic() - start);
  const wantsNonce = prover.learn(request, result);
  const outcome = classifyRefresh(result, { refreshToken, at: sentAt }, provider);
  return { outcome, unreadableBody: unreadableBody(result, outcome), wantsNonce, sentAt, durationMs };
}

function unreadableBody(result: TransportResult, outcome: Outcome): Uint8Array | null {
  if (outcome.kind !== "lost" || result.kind === "failure") return null;
  const { status, body } = result.response;
  return status >= 200 && status < 300 && body.length > 0 ? body : null;
}
