import { createHash } from "node:crypto";
import { SECOND, type Clock } from "../runtime/clock.ts";
import { randomToken, type Random } from "../runtime/random.ts";
import type { Secret } from "../runtime/secret.ts";
import { publicPartOf, signJwt, type SigningKey } from "./signing-key.ts";

export interface ProvenRequest {
  method: string;
  /** Absolute. Query and fragment are left out of the proof. */
  url: string;
  /** What the server last told us to repeat (RFC 9449 §8); null when it has told nothing. */
  nonce: string | null;
  /** Sent with the request when it goes to an API (RFC 9449 §7); null at the token endpoint. */
  accessToken: Secret<string> | null;
}

/** Proof that whoever sends a request has the key that its token is bound to (RFC 9449 §4.2). Each one can be used once. */
export function dpopProof(
  key: SigningKey,
  { method, url, nonce, accessToken }: ProvenRequest,
  { clock, random }: { clock: Clock; random: Random },
): Promise<Secret<string>> {
  const { origin, pathname } = new URL(url);
  const claims = {
    jti: randomToken(random, 16),
    htm: method,
    htu: origin + pathname,
    iat: Math.floor(clock.now() / SECOND),
    ...(nonce !== null && { nonce }),
    ...(accessToken && { ath: createHash("sha256").update(accessToken.reveal()).digest("base64url") }),
  };
  return signJwt(key, { typ: "dpop+jwt", jwk: publicPartOf(key) }, claims);
}

/** Does a `WWW-Authenticate` say that not the access token was refused, but what came with it (RFC 9449 §7.1, §9)? */
export function isAboutProof(challenge: string | null): boolean {
  return /\berror="?(use_dpop_nonce|invalid_dpop_proof)\b/.test(challenge ?? "");
}

/** Is an access token of this type bound to a key (RFC 9449 §5)? Types are compared without regard to case (RFC 6749 §5.1). */
export function isBound(tokenType: string): boolean {
  return tokenType.toLowerCase() === "dpop";
}
