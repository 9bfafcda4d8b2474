import { openDpopKey, type OpeningDeps } from "../client/dpop-key.ts";
import type { DpopNonces } from "../oauth/dpop-nonce.ts";
import { dpopProof, isBound } from "../oauth/dpop-proof.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import type { AccessToken } from "./access-token.ts";

export interface PresentDeps extends OpeningDeps {
  clock: Clock;
  random: Random;
  dpopNonces: Pick<DpopNonces, "newest">;
}

/**
 * The headers with which an API takes the token in one request: RFC 6750 §2.1, or RFC 9449 §7.1 where it is bound to a key, or
 * `header` where the API has one of its own.
 */
export async function presentAccessToken(
  deps: PresentDeps,
  { accessToken, tokenType, dpopKey }: AccessToken,
  { tenantId, method, url, header }: { tenantId: string; method: string; url: string; header: string | null },
): Promise<[name: string, value: string][]> {
  if (header !== null) return [[header, accessToken.reveal()]];
  if (dpopKey === null || !isBound(tokenType)) return [["Authorization", `Bearer ${accessToken.reveal()}`]];
  const key = await openDpopKey(deps, tenantId, dpopKey);
  const nonce = deps.dpopNonces.newest(url, dpopKey);
  const proof = await dpopProof(key, { method, url, nonce, accessToken }, deps);
  return [
    ["Authorization", `DPoP ${accessToken.reveal()}`],
    ["DPoP", proof.reveal()],
  ];
}
