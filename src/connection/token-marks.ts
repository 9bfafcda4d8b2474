import { createHash } from "node:crypto";
import type { Sealer } from "../runtime/sealer.ts";
import { secret, type Secret } from "../runtime/secret.ts";

/**
 * Names, as `Sealer.name` makes them, of what security events call a refresh token by instead of telling it (OAuth Event Types 1.0
 * §2): its first characters, or a digest.
 */
export interface TokenMarks {
  prefix: string;
  digest: string;
}

const PREFIX_LENGTH = 16;

export async function marksOf(sealer: Sealer, tenantId: string, token: Secret<string>): Promise<TokenMarks> {
  const [prefix, digest] = await Promise.all([
    sealer.name(tenantId, secret(token.reveal().slice(0, PREFIX_LENGTH))),
    sealer.name(tenantId, digestOf(token)),
  ]);
  return { prefix, digest };
}

/** `hash_base64_sha512_sha512`: SHA-512 of the bytes of SHA-512, in base64. */
function digestOf(token: Secret<string>): Secret<string> {
  const once = createHash("sha512").update(token.reveal()).digest();
  return secret(createHash("sha512").update(once).digest("base64"));
}
