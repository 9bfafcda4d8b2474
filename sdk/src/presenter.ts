import { abortable } from "./abortable.ts";
import type { AccessToken } from "./access-token.ts";
import { needsProof, refusesProof } from "./dpop-proof.ts";
import { EvergrantError } from "./evergrant-error.ts";
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

  /** The token is of another kind by now when the service has no proof for it. */
  async function prove({ method, url, signal }: OutgoingRequest, token: AccessToken): Promise<Proven> {
    if (!needsProof(token.tokenType)) return { token, proof: undefined };
    const nonce = nonces.get(new URL(url).origin).newest;
    const ask = () => abortable(() => service.dpopProof(connectionId, { method, url, nonce }), signal);
    const made = await ask().catch(unlessUnbound);
    if (made?.generation === token.generation) return { token, proof: made.proof };
    const newest = await tokens.ask(0, signal);
    if (!needsProof(newest.tokenType)) return { token: newest, proof: undefined };
    return { token: newest, proof: made?.generation === newest.generation ? made.proof : (await ask()).proof };
  }

  const presentOnce: Presenter = async (input, request, before) => {
    const { token, proof } = await prove(request, before);
    const response = await send(input, await request.initWith(token, proof));
    const nonce = response.headers.get("dpop-nonce");
    if (nonce !== null) nonces.get(new URL(response.url || request.url).origin).newest = nonce;
    return { response, token };
  };

  return async (input, request, token) => {
    const first = await presentOnce(input, request, token);
    if (!wantsNonce(first)) return first;
    await first.response.body?.cancel().catch(() => undefined);
    if (!request.repeatable) throw new ReplayImpossibleError(connectionId);
    return presentOnce(input, request, first.token);
  };
}

interface Proven {
  readonly token: AccessToken;
  readonly proof: string | undefined;
}

function wantsNonce({ response, token }: Presented): boolean {
  return needsProof(token.tokenType) && refusesProof(response) && response.headers.has("dpop-nonce");
}

function unlessUnbound(error: unknown): undefined {
  if (!(error instanceof EvergrantError) || error.code !== "access_token_not_bound") throw error;
}
