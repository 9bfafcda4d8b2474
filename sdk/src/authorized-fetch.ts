import { isAboutToken } from "./about-token.ts";
import { refusesProof } from "./dpop-proof.ts";
import { readOutgoingRequest } from "./outgoing-request.ts";
import { ReplayImpossibleError } from "./replay-impossible-error.ts";
import type { EvergrantRequestInit } from "./request-init.ts";
import type { Presenter } from "./presenter.ts";
import type { TokenRefusal } from "./token-refusal.ts";
import type { TokenSource } from "./token-source.ts";

/** `fetch` that presents the tokens of a connection and sends once more when the API refuses one. */
export function createAuthorizedFetch(deps: {
  readonly connectionId: string;
  readonly tokens: TokenSource;
  /** In seconds. */
  readonly minTtl: number;
  readonly present: Presenter;
}): (input: string | URL | Request, init?: EvergrantRequestInit) => Promise<Response> {
  const { connectionId, tokens, minTtl, present } = deps;
  return async (input, init = {}) => {
    const request = readOutgoingRequest(input, init);
    const { response, token } = await present(input, request, await tokens.current(minTtl, request.signal));
    if (!refusesToken(response, request.url)) return response;

    await discard(response);
    const newer = await tokens.replace(refusalOf(response, token.generation), minTtl, request.signal);
    if (!request.repeatable) throw new ReplayImpossibleError(connectionId);
    return (await present(input, request, newer)).response;
  };
}

/** A 401 about the proof beside the token is not about the token. */
function refusesToken(response: Response, url: string): boolean {
  return response.status === 401 && !refusesProof(response) && isAboutToken(response.url, url);
}

/** Frees the connection of an answer nobody reads. One that broke on its own has nothing left to free. */
async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

function refusalOf(response: Response, generation: number): TokenRefusal {
  const wwwAuthenticate = response.headers.get("www-authenticate") ?? undefined;
  return { generation, status: response.status, wwwAuthenticate };
}
