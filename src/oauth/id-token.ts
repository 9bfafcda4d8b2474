import { sameSecret } from "../runtime/same-secret.ts";
import type { Secret } from "../runtime/secret.ts";
import { jwtClaims } from "./jwt-claims.ts";

export type IdTokenClaims = Readonly<Record<string, unknown>>;

export interface ExpectedIdToken {
  issuer: string | null;
  clientId: string;
  nonce: string | null;
}

/**
 * Claims of an ID token that came straight from the token endpoint. The TLS connection vouches for it in place of its
 * signature (OIDC Core §3.1.3.7, step 6); issuer, audience and nonce are checked. Null when it cannot be trusted.
 */
export function readIdToken(idToken: Secret<string>, expected: ExpectedIdToken): IdTokenClaims | null {
  const claims = jwtClaims(idToken.reveal());
  if (!claims) return null;
  const audience = Array.isArray(claims["aud"]) ? claims["aud"] : [claims["aud"]];
  const fits =
    audience.includes(expected.clientId) &&
    (expected.issuer === null || claims["iss"] === expected.issuer) &&
    (expected.nonce === null || isSameNonce(claims["nonce"], expected.nonce));
  return fits ? claims : null;
}

function isSameNonce(given: unknown, right: string): boolean {
  return typeof given === "string" && sameSecret(given, right);
}
