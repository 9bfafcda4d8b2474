import type { AccessToken } from "./access-token.ts";
import { abortable } from "./abortable.ts";
import { createAuthorizedFetch } from "./authorized-fetch.ts";
import type { DpopProof, RequestToProve } from "./dpop-proof.ts";
import { createPresenter } from "./presenter.ts";
import type { EvergrantRequestInit } from "./request-init.ts";
import type { Service } from "./service.ts";
import type { TokenRefusal } from "./token-refusal.ts";
import type { TokenSource } from "./token-source.ts";

export interface AccessTokenOptions {
  /** The least time the token must still live, in seconds. Default: that of the connection, 60. */
  readonly minTtl?: number | undefined;
  /** Ends the waiting of this caller; others who wait for the same answer still get it. */
  readonly signal?: AbortSignal | undefined;
}

export interface CurrentAccessTokenOptions {
  /** Ends the waiting of this caller; others who wait for the same answer still get it. */
  readonly signal?: AbortSignal | undefined;
}

export interface RejectedOptions extends TokenRefusal {
  /** Ends the waiting of this caller; others who wait for the same answer still get it. */
  readonly signal?: AbortSignal | undefined;
}

export interface DpopProofOptions extends RequestToProve {
  /** Ends the waiting of this caller. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One OAuth connection. Every method rejects with an `EvergrantError` when the service has no token to give, and with
 * the reason of the caller's signal, not wrapped, when that signal aborts.
 */
export interface Connection {
  /** Asks the service for a token. Callers who ask for the same `minTtl` at the same time share one call. */
  accessToken(options?: AccessTokenOptions): Promise<AccessToken>;
  /** The token in memory while it lives long enough, otherwise as `accessToken`: what a request is to be sent with. */
  currentAccessToken(options?: CurrentAccessTokenOptions): Promise<AccessToken>;
  /**
   * Reports that the API refused the token of `generation` and resolves to a newer one. One report per generation goes
   * out at a time; none does when a newer token is already here.
   */
  rejected(options: RejectedOptions): Promise<AccessToken>;
  /** A proof for one request, which an API wants beside a token of the type "DPoP" (RFC 9449). `fetch` asks for its own. */
  dpopProof(options: DpopProofOptions): Promise<DpopProof>;
  /**
   * `fetch` with the token of this connection in `Authorization`, and with a proof where it needs one. A 401 is reported and the request is sent once more
   * with the newer token; a second 401 is the caller's answer.
   * @throws ReplayImpossibleError when a 401 answers a body that can be read only once.
   * @throws TypeError when the request already has an `Authorization` header, or as `fetch` itself does.
   */
  readonly fetch: (input: string | URL | Request, init?: EvergrantRequestInit) => Promise<Response>;
}

export function createConnection(deps: {
  readonly id: string;
  readonly service: Service;
  readonly tokens: TokenSource;
  /** In seconds. */
  readonly minTtl: number;
  readonly fetch: typeof fetch;
}): Connection {
  const { id: connectionId, service, tokens } = deps;
  const present = createPresenter({ connectionId, service, tokens, fetch: deps.fetch });
  return {
    accessToken: ({ minTtl = deps.minTtl, signal } = {}) => tokens.ask(minTtl, signal),
    currentAccessToken: ({ signal } = {}) => tokens.current(deps.minTtl, signal),
    rejected: ({ signal, ...refusal }) => tokens.replace(refusal, deps.minTtl, signal),
    dpopProof: ({ signal, ...request }) => abortable(() => service.dpopProof(connectionId, request), signal),
    fetch: createAuthorizedFetch({ connectionId, tokens, minTtl: deps.minTtl, present }),
  };
}
