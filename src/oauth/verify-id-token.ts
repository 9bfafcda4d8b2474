import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from "jose";
import { MINUTE, SECOND } from "../runtime/clock.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import type { Secret } from "../runtime/secret.ts";
import type { IdTokenClaims } from "./id-token.ts";
import { parseJsonObject } from "./json-object.ts";

export interface ExpectedSignIn {
  issuer: string;
  clientId: string;
  nonce: string;
  /** Epoch milliseconds. */
  now: number;
}

export type VerifiedIdToken =
  | { kind: "verified"; subject: string; claims: IdTokenClaims }
  | { kind: "refused"; problem: IdTokenProblem };

/** `unknown_key`: the issuer may have published a new one. */
export type IdTokenProblem =
  | "unknown_key"
  | "signature"
  | "issuer"
  | "audience"
  | "expired"
  | "issued_at"
  | "nonce"
  | "subject";

/** Signatures that a public key verifies (RFC 7518 §3.1, RFC 8037 §3.1): not `none`, and no secret that both sides know. */
const ALGORITHMS = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");

/** Clocks of others are off by so much. */
const TOLERANCE = MINUTE;
/** A person needs no longer, and the token is made when that person is back. */
const OLDEST = 10 * MINUTE;

/** Verifies an ID token that says who signs in here: its signature too, and all of OIDC Core §3.1.3.7. Never throws. */
export async function verifyIdToken(
  idToken: Secret<string>,
  keys: JSONWebKeySet,
  expected: ExpectedSignIn,
): Promise<VerifiedIdToken> {
  try {
    const { payload } = await compactVerify(idToken.reveal(), createLocalJWKSet(keys), { algorithms: ALGORITHMS });
    const claims = parseJsonObject(new TextDecoder().decode(payload)) ?? {};
    const problem = problemWith(claims, expected);
    if (problem) return { kind: "refused", problem };
    const { sub } = claims;
    return isSubject(sub) ? { kind: "verified", subject: sub, claims } : { kind: "refused", problem: "subject" };
  } catch (error) {
    return { kind: "refused", problem: error instanceof errors.JWKSNoMatchingKey ? "unknown_key" : "signature" };
  }
}

function problemWith(claims: IdTokenClaims, { issuer, clientId, nonce, now }: ExpectedSignIn): IdTokenProblem | null {
  const { exp, iat } = claims;
  if (claims["iss"] !== issuer) return "issuer";
  if (!isFor(clientId, claims)) return "audience";
  if (!isTime(exp) || exp * SECOND <= now - TOLERANCE) return "expired";
  if (!isTime(iat) || iat * SECOND > now + TOLERANCE || iat * SECOND < now - OLDEST - TOLERANCE) return "issued_at";
  return isSameNonce(claims["nonce"], nonce) ? null : "nonce";
}

/** With several audiences, the authorized party has to be us; where one is named, in any case. */
function isFor(clientId: string, { aud, azp }: IdTokenClaims): boolean {
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  return audiences.includes(clientId) && (azp === undefined ? audiences.length === 1 : azp === clientId);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isSameNonce(given: unknown, right: string): boolean {
  return typeof given === "string" && sameSecret(given, right);
}

/** OIDC Core §2. */
function isSubject(value: unknown): value is string {
  return typeof value === "string" && /^[\x20-\x7e]{1,255}$/.test(value);
}
