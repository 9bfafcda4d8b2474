import { abortable } from "./abortable.ts";
import type { AccessToken } from "./access-token.ts";
import { needsProof, refusesProof } from "./dpop-proof.ts";
import type { OutgoingRequest } from "./outgoing-request.ts";
import { createRecent } from "./recent.ts";
import { ReplayImpossibleError } from "./replay-impossible-error.ts";
import type { Service } from "./service.ts";
import type { TokenSource } from "./token-source.ts";

export interface Presented {
  readonly response: Response;
  /** The one that was sent: with a proof, it is the newest that the service has. */
  readonly token: AccessToken;
}

/** Sends a request with a token, and with a proof where the token is bound to a key (RFC 9449, section 7). */
export type Presenter = (
  input: string | URL | Request,
  request: OutgoingRequest,
  token: AccessToken,
) => Promise<Presented>;

/** Origins whose newest nonce is kept. */
const KEPT_ORIGINS = 100;

export function createPresenter(deps: {
  readonly connectionId: string;
  readonly service: Pick<Service, "dpopProof">;
  readonly tokens: Pick<TokenSource, "ask">;
  readonly fetch: typeof fetch;
}): Presenter {
  const { connectionId, service, tokens, fetch: send } = deps;
  const nonces = createRecent(KEPT_ORIGINS, (): { newest: string | undefined } => ({ newest: undefined }));

  const prove: (
    request: OutgoingRequest,
    token: AccessToken,
  ) => Promise<{ token: AccessToken; proof: string }> = async ({ method, url, signal }, token) => {
    const nonce = nonces.get(new URL(url).origin).newest;
    const ask = () => abortable(() => service.dpopProof(connectionId, { method, url, nonce }), signal);
    const first = await ask();
    if (first.generation === token.generation) return { token, proof: first.proof };
    const newest = await tokens.ask(0, signal);
    return { token: newest, proof: newest.generation === first.generation ? first.proof : (await ask()).proof };
  };

  const presentProven: Presenter = async (input, request, token) => {
    const proven = await prove(request, token);
    const response = await send(input, await request.initWith(proven.token, proven.proof));
    const nonce = response.headers.get("dpop-nonce");
    if (nonce !== null) nonces.get(new URL(request.url).origin).newest = nonce;
    return { response, token: proven.token };
  };

  return async (input, request, token) => {
    if (!needsProof(token.tokenType)) return { response: await send(input, await request.initWith(token)), token };
    const first = await presentProven(input, request, token);
    if (!refusesProof(first.response) || !first.response.headers.has("dpop-nonce")) return first;
    await first.response.body?.cancel().catch(() => undefined);
    if (!request.repeatable) throw new ReplayImpossibleError(connectionId);
    return presentProven(input, request, first.token);
  };
}
