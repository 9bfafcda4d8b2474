import { isNonceWanted, type DpopNonces } from "../oauth/dpop-nonce.ts";
import { dpopProof } from "../oauth/dpop-proof.ts";
import type { HttpRequest, TransportResult } from "../oauth/http.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import type { Secret } from "../runtime/secret.ts";
import { openDpopKey, type OpeningDeps } from "./dpop-key.ts";

/** Proves the key that a token set is, or will be, bound to (RFC 9449). */
export interface DpopProver {
  /** The request with a proof for it, which can be used once. `accessToken`: the one that it presents at an API (§7). */
  prove(request: HttpRequest, accessToken?: Secret<string>): Promise<HttpRequest>;
  /** Keeps the nonce of an answer. True: the server wants that nonce and has done nothing, so the request may be made anew. */
  learn(request: HttpRequest, result: TransportResult): boolean;
}

export interface DpopDeps extends OpeningDeps {
  clock: Clock;
  random: Random;
  dpopNonces: DpopNonces;
}

/** For the key of that thumbprint. Null: nothing is bound, so nothing is to be proven. Throws `key_unavailable`. */
export async function dpopProver(deps: DpopDeps, tenantId: string, thumbprint: string | null): Promise<DpopProver> {
  if (thumbprint === null) return NOTHING_TO_PROVE;
  const { dpopNonces: nonces } = deps;
  const key = await openDpopKey(deps, tenantId, thumbprint);
  return {
    prove: async (request, accessToken) => {
      const { method, url } = request;
      const nonce = nonces.newest(url, thumbprint);
      const proof = await dpopProof(key, { method, url, nonce, accessToken: accessToken ?? null }, deps);
      return { ...request, headers: { ...request.headers, dpop: proof.reveal() } };
    },
    learn: ({ url }, result) => {
      if (result.kind === "failure") return false;
      nonces.note(url, thumbprint, result.response);
      return isNonceWanted(result.response);
    },
  };
}

export const NOTHING_TO_PROVE: DpopProver = {
  prove: (request) => Promise.resolve(request),
  learn: () => false,
};
