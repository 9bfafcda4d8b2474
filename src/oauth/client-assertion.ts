import { SECOND, type Clock } from "../runtime/clock.ts";
import { randomToken, type Random } from "../runtime/random.ts";
import type { Secret } from "../runtime/secret.ts";
import { signJwt, type SigningKey } from "./signing-key.ts";

/** Longer than a request waits for its turn and its answer; servers refuse what lives for many minutes. */
const LIFE = 120 * SECOND;

/** A clock of ours that is a little ahead must not make an assertion of the future. */
const BACKDATED = 10 * SECOND;

export interface AssertedClient {
  clientId: string;
  /** Who the assertion is for: the URL of the token endpoint, or the issuer. */
  audience: string;
  /** `x5t#S256` (RFC 7515 §4.1.8), where the server knows the key by its certificate. */
  certificateThumbprint: string | null;
}

/** What a client proves itself with by `private_key_jwt` (RFC 7523 §3, OIDC Core §9). Each one can be used once. */
export function clientAssertion(
  key: SigningKey,
  { clientId, audience, certificateThumbprint }: AssertedClient,
  { clock, random }: { clock: Clock; random: Random },
): Promise<Secret<string>> {
  const thumbprint = certificateThumbprint === null ? {} : { "x5t#S256": certificateThumbprint };
  const header = { typ: "JWT", kid: key.keyId, ...thumbprint };
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    jti: randomToken(random, 16),
    iat: Math.floor((clock.now() - BACKDATED) / SECOND),
    exp: Math.floor((clock.now() + LIFE) / SECOND),
  };
  return signJwt(key, header, claims);
}
