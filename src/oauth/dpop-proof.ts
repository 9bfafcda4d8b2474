import { SECOND, type Clock } from "../runtime/clock.ts";
import { randomToken, type Random } from "../runtime/random.ts";
import type { Secret } from "../runtime/secret.ts";
import { publicJwkOf, signJwt, type SigningKey } from "./signing-key.ts";

export interface ProvenRequest {
  method: string;
  /** Query and fragment are left out of the proof. */
  url: string;
  /** What the server last told us to repeat (RFC 9449 §8). */
  nonce: string | null;
  /** Sent with the request, when it goes to an API (RFC 9449 §7). */
  accessToken: Secret<string> | null;
}

/** Proof that whoever sends a request has the key that its token is bound to (RFC 9449 §4.2). Each one can be used once. */
export async function dpopProof(
  key: SigningKey,
  { method, url, nonce, accessToken }: ProvenRequest,
  { clock, random }: { clock: Clock; random: Random },
): Promise<Secret<string>> {
  const { origin, pathname } = new URL(url);
  return signJwt(
    key,
    { typ: "dpop+jwt", jwk: publicJwkOf(key) },
    {
      jti: randomToken(random, 16),
      htm: method,
      htu: origin + pathname,
      iat: Math.floor(clock.now() / SECOND),
      ...(nonce !== null && { nonce }),
      ...(accessToken && { ath: await sha256(accessToken.reveal()) }),
    },
  );
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Buffer.from(digest).toString("base64url");
}
