import { openDpopKey, type OpeningDeps } from "../client/dpop-key.ts";
import { dpopProof, isBound } from "../oauth/dpop-proof.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { AccessTokens } from "./access-token.ts";

/** A request that a caller is about to send to an API. */
export interface RequestToProve {
  tenantId: string;
  connectionId: string;
  method: string;
  /** Absolute; what it has of query and fragment is left out (RFC 9449 §4.2). */
  url: string;
  /** What the API last told the caller to repeat (RFC 9449 §9); null when it has told nothing. */
  nonce: string | null;
}

export interface AccessTokenProof {
  connectionId: string;
  /** For one request, with the access token of this generation and no other. */
  generation: number;
  proof: Secret<string>;
}

export interface ProofDeps extends OpeningDeps {
  accessTokens: Pick<AccessTokens, "read">;
  clock: Clock;
  random: Random;
}

/**
 * Proves the key that the current access token is bound to: without that an API does not take it (RFC 9449 §7). Waits for a refresh
 * where reading the token would. Throws as that does, and `access_token_not_bound`.
 */
export async function proveAccessToken(
  { accessTokens, ...deps }: ProofDeps,
  { tenantId, connectionId, method, url, nonce }: RequestToProve,
): Promise<AccessTokenProof> {
  const token = await accessTokens.read({ tenantId, connectionId, minTtlMs: 0 });
  const { accessToken, generation, dpopKey } = token;
  if (dpopKey === null || !isBound(token.tokenType)) {
    throw new ServiceError(
      "access_token_not_bound",
      `The access token is of type ${token.tokenType} and needs no proof; present it as that.`,
      { connectionId },
    );
  }
  const key = await openDpopKey(deps, tenantId, dpopKey);
  return { connectionId, generation, proof: await dpopProof(key, { method, url, nonce, accessToken }, deps) };
}
