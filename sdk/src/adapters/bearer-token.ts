import type { AccessToken } from "../access-token.ts";
import { needsProof } from "../dpop-proof.ts";
import { EvergrantError } from "../evergrant-error.ts";

/**
 * The token for a client that can only send it as a Bearer token (RFC 6750, section 2.1), whatever a provider calls its type.
 * @throws EvergrantError when the token is taken only with a proof (RFC 9449, section 7.1).
 */
export function bearerToken({ accessToken, tokenType, connectionId }: AccessToken): string {
  if (!needsProof(tokenType)) return accessToken;
  throw new EvergrantError(
    "The token is bound to a key, and this client cannot send the proof that goes with it; use connection.fetch.",
    { code: "proof_not_supported", connectionId },
  );
}
